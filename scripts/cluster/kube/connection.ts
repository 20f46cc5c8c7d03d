import { CredentialSource, wrongWith } from "../kubeconfig/credentials.ts";
import { errorCode, errorText } from "../error-text.ts";
import { type Choice, type KubeconfigOptions, NoCluster, readKubeconfig } from "../kubeconfig/kubeconfig.ts";

/** The way to one Kubernetes API server, with the user's own credentials. */
export interface Connection {
  /** The kubeconfig context that is used. */
  readonly context: string;
  readonly server: string;
  /** Whether the context's credentials are not sent, because the server has no TLS. */
  readonly withheld?: boolean;
  /** The context's own namespace, if it has one. */
  readonly namespace: string | undefined;
  /** Sends a request to a path of the API server. @throws Unreachable when no complete answer comes in time */
  send(path: string, request?: ApiRequest): Promise<Response>;
  /**
   * The same for an answer that comes bit by bit: its beginning has to come in time, the rest as long as it takes.
   * Reading it fails, with an error of any kind, when the connection is cut or the signal comes.
   */
  open(path: string, request?: ApiRequest): Promise<Response>;
  /** Opens a WebSocket to a path, which is not open yet when this resolves; undefined where there can be none. */
  dial?(path: string, protocol: string): Promise<WebSocket>;
}

export interface ApiRequest {
  /** @default "GET" */
  method?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface ConnectOptions extends KubeconfigOptions {
  /** How long an answer, or a credential plugin, may take. Each admission webhook may take 10 s. @default 40000 */
  timeoutMs?: number | undefined;
}

/** The API server did not answer. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/**
 * Reads the kubeconfig. Nothing is sent before the first request.
 * (The client library's own transport does not present client certificates on Bun. Its reading of certificates and
 * tokens is used, and Bun's fetch carries the requests.)
 * @throws NoCluster when there is no kubeconfig, or not this context
 */
export function connect({ timeoutMs = 40_000, ...options }: ConnectOptions = {}): Connection {
  const choice = readKubeconfig(options);
  const { context, namespace, cluster } = choice;
  const server = cluster.server.replace(/\/+$/, "");
  const proxy = proxyFor(choice);
  const source = new CredentialSource(choice, { timeoutMs });

  async function once(path: string, request: ApiRequest, whole: boolean): Promise<Response> {
    const { headers, tls } = await source.get();
    const { method = "GET", body, signal } = request;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    try {
      const response = await fetch(`${server}${path}`, {
        method,
        headers: { ...STANDING, ...request.headers, ...headers },
        ...(body === undefined ? {} : { body }),
        signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
        // Elsewhere, nobody is entitled to these credentials.
        redirect: "manual",
        // A stream may be silent for long.
        timeout: false,
        tls,
        ...proxy,
      });
      return whole || !response.ok ? await complete(response) : response;
    } catch (error) {
      signal?.throwIfAborted();
      const wrong = errorCode(error) === "FailedToOpenSocket" ? wrongWith(tls) : undefined;
      if (wrong !== undefined)
        throw new NoCluster(`The credentials of ${context} cannot be used: ${wrong}.`, { cause: error });
      const why = late.signal.aborted ? `no answer within ${timeoutMs / 1_000} s` : explain(error);
      throw new Unreachable(sentence(`The API server of ${context} (${server})`, error, why), {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async function answer(path: string, request: ApiRequest, whole: boolean): Promise<Response> {
    const response = await once(path, request, whole);
    // A plugin's credentials may have been withdrawn before their time.
    return response.status === 401 && source.renew() ? once(path, request, whole) : response;
  }

  return {
    context,
    server,
    namespace,
    withheld: source.isWithheld,
    send: (path, request = {}) => answer(path, request, true),
    open: (path, request = {}) => answer(path, request, false),
    async dial(path, protocol) {
      const { headers, tls } = await source.get();
      const through = typeof proxy.proxy === "object" && "url" in proxy.proxy ? proxy.proxy.url : undefined;
      return new WebSocket(`${server.replace(/^http/, "ws")}${path}`, {
        protocols: [protocol],
        headers: { ...STANDING, ...headers },
        tls,
        ...(through === undefined ? {} : { proxy: String(through) }),
      });
    },
  };
}

const STANDING = { accept: "application/json, */*", "user-agent": "kyc" };

/** The proxy of the kubeconfig, whatever NO_PROXY says; else that of the environment, but not for this machine. */
function proxyFor({ context, cluster }: Choice): Pick<BunFetchRequestInit, "proxy"> {
  const url = URL.parse(cluster.server);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new NoCluster(`The server of ${context} is no address: it must begin with https:// or http://.`);
  const proxyUrl = cluster["proxy-url"];
  if (!proxyUrl) return LOOPBACK.test(url.hostname) ? { proxy: false } : {};
  if (/^https?:/.test(proxyUrl)) return { proxy: { url: proxyUrl, respectNoProxy: false } };
  // Not all of it is shown: it may hold a password.
  const [scheme] = proxyUrl.split(":");
  throw new NoCluster(
    `The proxy-url of ${context} is one of ${scheme}: only http and https proxies can be used.`,
  );
}

const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

/** An answer that has arrived to its end. */
async function complete(response: Response): Promise<Response> {
  const body = await response.arrayBuffer();
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

function sentence(who: string, error: unknown, why: string): string {
  if (CERTIFICATE.test(errorCode(error))) return `${who} is not the one that the kubeconfig trusts: ${why}.`;
  return `${who} does not answer: ${why}. Does the cluster run, and is this the context that is meant?`;
}

const CERTIFICATE = /CERT|VERIFY|ISSUER/;

function explain(error: unknown): string {
  const code = errorCode(error);
  return REASONS[code] ?? `${code ? `${code}, ` : ""}${errorText(error)}`;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "it refuses connections",
  ECONNRESET: "it cut the connection",
  ENOTFOUND: "its name is not known",
  FailedToOpenSocket: "no connection can be opened",
  EPROTO: "the TLS handshake failed",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};
