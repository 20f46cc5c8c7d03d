import { CredentialSource, wrongWith } from "../kubeconfig/credentials.ts";
import { errorCode, errorText } from "../error-text.ts";
import { type Choice, type KubeconfigOptions, NoCluster, readKubeconfig } from "../kubeconfig/kubeconfig.ts";

/** A connection to one Kubernetes API server, with the user's own credentials. */
export interface Connection {
  /** The kubeconfig context that is used. */
  readonly context: string;
  readonly server: string;
  /** Whether the context's credentials are not sent, because the server has no TLS. */
  readonly withheld?: boolean;
  /** The context's own namespace, if it has one. */
  readonly namespace: string | undefined;
  /** Sends a request to a path of the API server. @throws Unreachable if no complete response arrives in time */
  send(path: string, request?: ApiRequest): Promise<Response>;
  /**
   * Sends a request whose response is a stream: only its head must arrive in time. Reading the body throws if the
   * connection is closed or the signal is aborted.
   */
  open(path: string, request?: ApiRequest): Promise<Response>;
  /** Creates a WebSocket to a path, which may not be open yet; undefined if WebSockets are not supported. */
  dial?(path: string, protocol: string): Promise<WebSocket>;
}

export interface ApiRequest {
  /** @default "GET" */
  method?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Whether it changes nothing on the server, so that it can be repeated. @default for GET */
  isRead?: boolean | undefined;
}

export interface ConnectOptions extends KubeconfigOptions {
  /** The time limit of a response or a credential plugin. Each admission webhook may take 10 s. @default 40000 */
  timeoutMs?: number | undefined;
}

/** The API server did not answer. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/**
 * Reads the kubeconfig. Nothing is sent before the first request. (The client library's own transport does not
 * present client certificates on Bun, so Bun's fetch sends the requests.)
 * @throws NoCluster if there is no kubeconfig, or not this context
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
        // On a reused connection that is closed before the answer, Bun sends a PUT or DELETE again by itself.
        keepalive: method === "GET",
        signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
        // A redirect could send the credentials to another server.
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
        throw new NoCluster(`The credentials of ${context} are invalid: ${wrong}.`, { cause: error });
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
    // A plugin's credentials may have been revoked before they expire.
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

/** The proxy of the kubeconfig, which ignores NO_PROXY; else that of the environment, except for a loopback server. */
function proxyFor({ context, cluster }: Choice): Pick<BunFetchRequestInit, "proxy"> {
  const url = URL.parse(cluster.server);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new NoCluster(`The server of ${context} is not a URL: it must begin with https:// or http://.`);
  const proxyUrl = cluster["proxy-url"];
  if (!proxyUrl) return LOOPBACK.test(url.hostname) ? { proxy: false } : {};
  if (/^https?:/.test(proxyUrl)) return { proxy: { url: proxyUrl, respectNoProxy: false } };
  // Only the scheme is shown: the URL may hold a password.
  const [scheme] = proxyUrl.split(":");
  throw new NoCluster(
    `The proxy-url of ${context} is one of ${scheme}: only http and https proxies can be used.`,
  );
}

const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

/** A response whose body has been read. */
async function complete(response: Response): Promise<Response> {
  const body = await response.arrayBuffer();
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

function sentence(who: string, error: unknown, why: string): string {
  if (CERTIFICATE.test(errorCode(error))) return `${who} is not trusted by the kubeconfig: ${why}.`;
  return `${who} does not answer: ${why}. Is the cluster running, and is this the right context?`;
}

const CERTIFICATE = /CERT|VERIFY|ISSUER/;

function explain(error: unknown): string {
  const code = errorCode(error);
  return REASONS[code] ?? `${code ? `${code}, ` : ""}${errorText(error)}`;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "it refuses connections",
  ECONNRESET: "it closed the connection",
  ENOTFOUND: "its host name cannot be resolved",
  FailedToOpenSocket: "no connection can be opened",
  EPROTO: "the TLS handshake failed",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};
