import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
// The package's index loads every generated API type: 0.4 s and 47 MB.
import { FileAuth } from "@kubernetes/client-node/dist/file_auth.js";
import type { OpenIDConnectAuth } from "@kubernetes/client-node/dist/oidc_auth.js";
import { errorText } from "../error-text.ts";
import { ExecPlugin } from "./exec-plugin.ts";
import { type Choice, NoCluster } from "./kubeconfig.ts";
import { findContradiction } from "./validate.ts";

/** The credentials of a request, and the trust settings for the API server. */
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
  /** The time limit of a credential plugin. */
  timeoutMs: number;
}

/**
 * The credentials of a context, read again for each request, as files change and tokens expire.
 *
 * To a server without TLS nothing secret is sent, and no plugin is run, as kubectl does (client-go,
 * tools/clientcmd/client_config.go: "only try to read the auth information if we are secure").
 */
export class CredentialSource {
  readonly #choice: Choice;
  readonly #isSecure: boolean;
  readonly #tokenFile: FileAuth | undefined;
  readonly #plugin: ExecPlugin | undefined;
  #provider: Promise<OpenIDConnectAuth> | undefined;

  /** @throws NoCluster if the kubeconfig contradicts itself, or has unsupported content */
  constructor(choice: Choice, options: CredentialsOptions) {
    const { cluster, user } = choice;
    this.#choice = choice;
    this.#isSecure = !cluster.server.toLowerCase().startsWith("http:");
    const problem = findContradiction(choice);
    if (problem !== undefined) throw new NoCluster(problem);
    if (user.tokenFile) this.#tokenFile = new FileAuth();
    if (user.exec) this.#plugin = new ExecPlugin(user.exec, { cluster, timeoutMs: options.timeoutMs });
  }

  /** Whether the context names credentials that are not used, because the server has no TLS. */
  get isWithheld(): boolean {
    const { exec, token, tokenFile, username } = this.#choice.user;
    return !this.#isSecure && [exec, token, tokenFile, username].some(Boolean);
  }

  /** @throws NoCluster if they cannot be read */
  async get(): Promise<Credentials> {
    try {
      return await this.#get();
    } catch (error) {
      throw new NoCluster(`The credentials of ${this.#choice.context} cannot be read: ${errorText(error)}`);
    }
  }

  /** After a refusal: whether new ones can be obtained before the old ones expire. */
  renew(): boolean {
    if (!this.#isSecure) return false;
    this.#plugin?.forget();
    return this.#plugin !== undefined;
  }

  async #get(): Promise<Credentials> {
    const { cluster, user } = this.#choice;
    // Always set: otherwise an environment variable could switch the check off.
    const tls: Tls = { rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true };
    if (!this.#isSecure) return { headers: {}, tls };
    const headers: Record<string, string> = user.as ? { "Impersonate-User": user.as } : {};
    await this.#authorize(headers);
    // A plugin is run only for credentials that the kubeconfig itself lacks.
    const given = headers["Authorization"] ? undefined : await this.#plugin?.credential();
    if (given?.token) headers["Authorization"] = `Bearer ${given.token}`;
    const ca = pem(cluster["certificate-authority-data"], cluster["certificate-authority"]);
    const cert =
      given?.clientCertificateData || pem(user["client-certificate-data"], user["client-certificate"]);
    const key = given?.clientKeyData || pem(user["client-key-data"], user["client-key"]);
    // Bun would continue without both, and the API server would treat the user as anonymous.
    if (cert && !key) throw new Error("there is a client certificate but no client key");
    if (key && !cert) throw new Error("there is a client key but no client certificate");
    if (ca) tls.ca = ca;
    if (cert) tls.cert = cert;
    if (key) tls.key = key;
    if (cluster["tls-server-name"]) tls.serverName = cluster["tls-server-name"];
    return { headers, tls };
  }

  /** Adds the header of a token, a user name or an OpenID Connect provider. */
  async #authorize(headers: Record<string, string>): Promise<void> {
    const { token, tokenFile, username, password, "auth-provider": provider } = this.#choice.user;
    if (tokenFile && this.#tokenFile) await applyTokenFile(this.#tokenFile, tokenFile, headers);
    else if (token) headers["Authorization"] = `Bearer ${token}`;
    else if (username) headers["Authorization"] = `Basic ${base64(`${username}:${password ?? ""}`)}`;
    else if (provider) {
      this.#provider ??= import("@kubernetes/client-node/dist/oidc_auth.js").then(
        ({ OpenIDConnectAuth }) => new OpenIDConnectAuth(),
      );
      await (await this.#provider).applyAuthentication({ name: "user", authProvider: provider }, { headers });
    }
  }
}

/** Returns the fault of certificates or a key that cannot be used; undefined if they are valid. */
export function wrongWith({ ca, cert, key }: Tls): string | undefined {
  if (ca !== undefined && !works(() => new X509Certificate(ca)))
    return "its certificate authority is not a certificate";
  if (cert === undefined || key === undefined) return undefined;
  if (!works(() => new X509Certificate(cert))) return "its client certificate is not a certificate";
  if (!works(() => createPrivateKey(key))) return "its client key is not a private key";
  const fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  return fits ? undefined : "its client key does not belong to its client certificate";
}

/** Reads the token file by the library, which keeps its content for a minute, as client-go does. */
async function applyTokenFile(
  auth: FileAuth,
  tokenFile: string,
  headers: Record<string, string>,
): Promise<void> {
  await auth.applyAuthentication({ name: "user", authProvider: { config: { tokenFile } } }, { headers });
  if (headers["Authorization"]) headers["Authorization"] = headers["Authorization"].trim();
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** Returns the content of a `-data` field, or of the corresponding file. */
function pem(data: string | null | undefined, file: string | null | undefined): string | undefined {
  if (data) return Buffer.from(data, "base64").toString("utf8");
  return file ? readFileSync(file, "utf8") : undefined;
}

function works(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
