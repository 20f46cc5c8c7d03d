import { createPrivateKey, X509Certificate } from "node:crypto";
import { KubeConfig } from "@kubernetes/client-node";
import { errorText } from "../error-text.ts";
import { ExecPlugin } from "./exec-plugin.ts";
import { type Choice, NoCluster } from "./kubeconfig.ts";

/** Who the user is to the API server, and how the API server is known: what a request carries. */
export interface Credentials {
  headers: Record<string, string>;
  tls: Tls;
}

interface Tls {
  ca?: string;
  cert?: string;
  key?: string;
  serverName?: string;
  rejectUnauthorized: boolean;
}

export interface CredentialsOptions {
  /** How long a credential plugin may take. */
  timeoutMs: number;
}

// The client library drops these, and the user would act with other rights than meant.
const UNSUPPORTED = ["as-groups", "as-uid", "as-user-extra"];

/** The credentials of a context: asked for each request, as files change and tokens expire. */
export class CredentialSource {
  readonly #choice: Choice;
  readonly #config = new KubeConfig();
  readonly #plugin: ExecPlugin | undefined;

  /** @throws NoCluster when the kubeconfig holds what cannot be done */
  constructor(choice: Choice, options: CredentialsOptions) {
    const { cluster, user, context } = choice;
    for (const field of UNSUPPORTED)
      if (field in user)
        throw new NoCluster(`The user of the context ${context} has ${field}: that is not supported.`);
    this.#choice = choice;
    this.#config.loadFromString(JSON.stringify(forLibrary(choice)));
    if (user.exec) this.#plugin = new ExecPlugin(user.exec, { cluster, timeoutMs: options.timeoutMs });
  }

  /** @throws NoCluster when there are none */
  async get(): Promise<Credentials> {
    try {
      return await this.#get();
    } catch (error) {
      throw new NoCluster(`The credentials of ${this.#choice.context} cannot be had: ${errorText(error)}`);
    }
  }

  /** After they were refused: whether new ones can be had before they expire. */
  renew(): boolean {
    this.#plugin?.forget();
    return this.#plugin !== undefined;
  }

  async #get(): Promise<Credentials> {
    const { user } = this.#choice;
    const options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0] = {};
    await this.#config.applyToHTTPSOptions(options);
    const given = await this.#plugin?.credential();
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {}))
      if (value !== undefined) headers[name] = String(value);
    if (given?.token) headers["Authorization"] = `Bearer ${given.token}`;
    else if (user.username) headers["Authorization"] = `Basic ${basic(user.username, user.password ?? "")}`;
    const ca = pem(options.ca);
    const cert = given?.clientCertificateData || pem(options.cert);
    const key = given?.clientKeyData || pem(options.key);
    // Bun would go on without both, as nobody.
    if (cert && !key) throw new Error("there is a client certificate, and no client key");
    if (key && !cert) throw new Error("there is a client key, and no client certificate");
    // Always said: otherwise an environment variable could switch the check off.
    const tls: Tls = { rejectUnauthorized: options.rejectUnauthorized !== false };
    if (ca) tls.ca = ca;
    if (cert) tls.cert = cert;
    if (key) tls.key = key;
    if (options.servername) tls.serverName = options.servername;
    return { headers, tls };
  }
}

/** What is wrong with certificates or a key that cannot be used; undefined when they are in order. */
export function wrongWith({ ca, cert, key }: Tls): string | undefined {
  if (ca !== undefined && !works(() => new X509Certificate(ca)))
    return "its certificate authority is no certificate";
  if (cert === undefined || key === undefined) return undefined;
  if (!works(() => new X509Certificate(cert))) return "its client certificate is no certificate";
  if (!works(() => createPrivateKey(key))) return "its client key is no private key";
  const fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  return fits ? undefined : "its client key is not the one of its client certificate";
}

/** The choice as the library knows a kubeconfig. */
function forLibrary({ context, cluster, user }: Choice): object {
  const { exec: _, tokenFile, token, ...rest } = user;
  const ofToken = tokenFile ? { "auth-provider": { name: "tokenFile", config: { tokenFile } } } : { token };
  // The library refuses plain HTTP, as `kubectl proxy` offers it, unless checks are off. There are none to skip.
  const plain = cluster.server.startsWith("http:") ? { "insecure-skip-tls-verify": true } : {};
  return {
    clusters: [{ name: "cluster", cluster: { ...cluster, ...plain } }],
    users: [{ name: "user", user: { ...rest, ...ofToken } }],
    contexts: [{ name: context, context: { cluster: "cluster", user: "user" } }],
    "current-context": context,
  };
}

function basic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`, "utf8").toString("base64");
}

function pem(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  return Buffer.isBuffer(content) ? content.toString("utf8") : undefined;
}

function works(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
