import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { errorCode, errorText } from "../error-text.ts";
import type { Cluster, ExecConfig } from "./kubeconfig.ts";

const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const ExecCredential = Type.Object({
  kind: Type.Literal("ExecCredential"),
  apiVersion: Type.String(),
  status: Type.Object({
    token: Text,
    clientCertificateData: Text,
    clientKeyData: Text,
    expirationTimestamp: Text,
  }),
});

/** The credentials of a plugin: a token, or a client certificate and its key as PEM, or all three. */
export type ExecCredential = Static<typeof ExecCredential>["status"];

export interface ExecPluginOptions {
  /** The cluster that the credentials are for. */
  cluster: Cluster;
  /** The time limit of the program, in milliseconds. An interactive program has none. */
  timeoutMs: number;
  /** Whether there is a terminal. @default whether standard input is one */
  terminal?: boolean | undefined;
}

/**
 * A credential plugin of the kubeconfig, run again when its credentials expire. (The client library's own version
 * passes no KUBERNETES_EXEC_INFO, leaves the plugin waiting for input, keeps an invalid answer, and hides the
 * plugin's output.)
 */
export class ExecPlugin {
  readonly #config: ExecConfig;
  readonly #options: ExecPluginOptions;
  #credential: Promise<ExecCredential> | undefined;
  #expiresAt = Number.POSITIVE_INFINITY;

  constructor(config: ExecConfig, options: ExecPluginOptions) {
    this.#config = config;
    this.#options = options;
  }

  /** Returns the credentials; new ones if the last have expired. @throws if the program returns none */
  async credential(): Promise<ExecCredential> {
    if (Date.now() >= this.#expiresAt) this.forget();
    // Concurrent requests share one run.
    this.#credential ??= this.#run();
    try {
      return await this.#credential;
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** Lets the next request run the program again. */
  forget(): void {
    this.#credential = undefined;
    this.#expiresAt = Number.POSITIVE_INFINITY;
  }

  async #run(): Promise<ExecCredential> {
    const { command, apiVersion } = this.#config;
    const answer = parse(await this.#output());
    if (!Check(ExecCredential, answer)) throw new Error(`${command} did not print an ExecCredential`);
    if (answer.apiVersion !== apiVersion)
      throw new Error(`${command} printed an ExecCredential of ${answer.apiVersion}, not of ${apiVersion}`);
    const { token, clientCertificateData, clientKeyData, expirationTimestamp } = answer.status;
    if (!token && !(clientCertificateData && clientKeyData))
      throw new Error(`${command} gave neither a token nor a client certificate with its key`);
    const expiresAt = Date.parse(expirationTimestamp ?? "");
    if (!Number.isNaN(expiresAt)) this.#expiresAt = expiresAt;
    return answer.status;
  }

  async #output(): Promise<string> {
    const { command, args, interactiveMode, env } = this.#config;
    const { timeoutMs, terminal = process.stdin.isTTY === true } = this.#options;
    const interactive = terminal && interactiveMode !== "Never";
    if (interactiveMode === "Always" && !interactive)
      throw new Error(`${command} needs a terminal for its input, and there is none`);
    const child = this.#spawn([command, ...(args ?? [])], {
      env: { ...process.env, ...variables(env), KUBERNETES_EXEC_INFO: this.#info(interactive) },
      stdin: interactive ? "inherit" : "ignore",
      stdout: "pipe",
      stderr: interactive ? "inherit" : "pipe",
      ...(interactive ? {} : { timeout: timeoutMs, killSignal: "SIGKILL" }),
    });
    const out = child.stdout.text();
    const err = child.stderr?.text();
    await child.exited;
    // Child processes may keep its output open, so they are not waited for.
    if (child.signalCode !== null)
      throw new Error(`${command} gave no credentials within ${timeoutMs / 1_000} s`);
    if (child.exitCode === 0) return out;
    const said = (await err)?.trim();
    throw new Error(`${command} ended with exit code ${child.exitCode}${said ? `: ${said}` : ""}`);
  }

  #spawn(
    command: string[],
    options: Bun.SpawnOptions.OptionsObject<"inherit" | "ignore", "pipe", "inherit" | "pipe">,
  ) {
    try {
      return Bun.spawn(command, options);
    } catch (error) {
      const hint = errorCode(error) === "ENOENT" ? this.#config.installHint?.trim() : undefined;
      throw new Error(`${command[0]} cannot be run: ${errorText(error)}${hint ? `\n${hint}` : ""}`);
    }
  }

  /** The plugin's KUBERNETES_EXEC_INFO (client.authentication.k8s.io). */
  #info(interactive: boolean): string {
    const { apiVersion, provideClusterInfo } = this.#config;
    const { cluster } = this.#options;
    const about = {
      server: cluster.server,
      "tls-server-name": cluster["tls-server-name"] ?? undefined,
      "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"] ?? undefined,
      "certificate-authority-data": cluster["certificate-authority-data"] ?? undefined,
      "proxy-url": cluster["proxy-url"] ?? undefined,
      config: cluster.extensions?.find(({ name }) => name === EXTENSION)?.extension ?? null,
    };
    const spec = { interactive, ...(provideClusterInfo ? { cluster: about } : {}) };
    return JSON.stringify({ kind: "ExecCredential", apiVersion, spec });
  }
}

/** The entry in a cluster's `extensions` that is passed to its plugin. */
const EXTENSION = "client.authentication.k8s.io/exec";

function variables(env: ExecConfig["env"]): Record<string, string> {
  return Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}
