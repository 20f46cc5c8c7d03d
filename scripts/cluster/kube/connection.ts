import { KubeConfig } from "@kubernetes/client-node";
import { didYouMean } from "../../nearest.ts";

/** The way to one Kubernetes API server, with the user's own credentials. */
export interface Connection {
  /** The kubeconfig context that is used. */
  readonly context: string;
  readonly server: string;
  /** Sends a request to a path of the API server. @throws Unreachable when no answer comes */
  send(path: string, init?: RequestInit): Promise<Response>;
}

export interface ConnectOptions {
  /** A context of the kubeconfig; the current one when undefined. */
  context?: string | undefined;
  /** A kubeconfig as text, in place of $KUBECONFIG, ~/.kube/config and the pod's service account. */
  kubeconfig?: string;
}

/** The kubeconfig does not say how to reach a cluster. */
export class NoCluster extends Error {}

/** The API server did not answer. */
export class Unreachable extends Error {}

/**
 * Reads the kubeconfig. Nothing is sent before the first request.
 * (The client library's own transport does not present client certificates on Bun; its reading of kubeconfigs, exec
 * credentials among them, is used, and Bun's fetch carries the requests.)
 * @throws NoCluster when there is no kubeconfig, or not this context
 */
export function connect(options: ConnectOptions = {}): Connection {
  const config = new KubeConfig();
  if (options.kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromString(options.kubeconfig);
  const context = options.context ?? config.getCurrentContext();
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(context)) {
    throw new NoCluster(
      names.length === 0 || context === ""
        ? "No cluster is configured: there is no kubeconfig with a current context. Run ./kyc up, or set KUBECONFIG."
        : `There is no context ${context} in the kubeconfig; ${didYouMean(context, names)}`,
    );
  }
  config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new NoCluster(`The context ${context} names a cluster that the kubeconfig does not hold.`);
  const server = cluster.server.replace(/\/$/, "");
  return {
    context,
    server,
    async send(path, init = {}) {
      const secrets = await credentials(config);
      const headers = new Headers(init.headers);
      for (const [name, value] of Object.entries(secrets.headers)) headers.set(name, value);
      const request: BunFetchRequestInit = { ...init, headers, tls: secrets.tls };
      if (cluster.proxyUrl !== undefined) request.proxy = cluster.proxyUrl;
      try {
        return await fetch(`${server}${path}`, request);
      } catch (error) {
        if (init.signal?.aborted === true) throw error;
        throw new Unreachable(`The API server of ${context} (${server}) does not answer: ${describe(error)}`);
      }
    },
  };
}

interface Credentials {
  headers: Record<string, string>;
  tls: Bun.TLSOptions;
}

/** What the library sets for Node's https, as far as fetch needs it. Asked for each request: tokens expire. */
async function credentials(config: KubeConfig): Promise<Credentials> {
  const options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0] = {};
  await config.applyToHTTPSOptions(options).catch((error: unknown) => {
    throw new NoCluster(`The credentials of ${config.getCurrentContext()} cannot be had: ${describe(error)}`);
  });
  const { ca, cert, key, rejectUnauthorized, servername, auth } = options;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined) headers[name] = String(value);
  }
  if (typeof auth === "string") headers["Authorization"] = `Basic ${btoa(auth)}`;
  const tls: Bun.TLSOptions = {};
  if (ca) tls.ca = ca as NonNullable<Bun.TLSOptions["ca"]>;
  if (cert) tls.cert = cert as NonNullable<Bun.TLSOptions["cert"]>;
  if (key) tls.key = key as NonNullable<Bun.TLSOptions["key"]>;
  if (servername) tls.serverName = servername;
  if (rejectUnauthorized !== undefined) tls.rejectUnauthorized = rejectUnauthorized;
  return { headers, tls };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? `${String(error.code)}: ` : "";
  return `${code}${error.message}`;
}
