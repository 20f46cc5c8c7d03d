import { join } from "node:path";
import { Folder } from "../../scripts/cluster/kube/testing/temporary-folder.ts";
import { Authority } from "../../scripts/cluster/kube/testing/certificates.ts";
import { base64 } from "../../scripts/cluster/kube/testing/kubeconfig.ts";
import { PROJECT } from "../../scripts/project.ts";
import type { Connection } from "../../scripts/cluster/kube/connection.ts";

interface Link {
  path: string;
  protocol: string;
  upstream: Promise<WebSocket> | undefined;
}

/**
 * Serves a connection to an API server over TLS on this machine, with a kubeconfig of its own, and counts the requests.
 * Where the connection throws, the proxy cuts the connection of its client.
 */
export class ApiProxy implements AsyncDisposable {
  /** The number of requests by method and kind of object, such as `GET pods` or `WATCH services`. */
  readonly counts = new Map<string, number>();
  /** The path of a kubeconfig for this proxy, with the context of the upstream connection. */
  readonly kubeconfig: string;
  readonly #folder: Folder;
  readonly #server: Bun.Server<Link>;

  private constructor(folder: Folder, server: Bun.Server<Link>, counts: Map<string, number>) {
    this.#folder = folder;
    this.#server = server;
    this.counts = counts;
    this.kubeconfig = folder.at("kubeconfig");
  }

  static async start(upstream: Connection): Promise<ApiProxy> {
    const folder = await Folder.create();
    const authority = new Authority("faults");
    // The upstream connection has the user's credentials, so other users of this machine must not send requests.
    const token = crypto.randomUUID();
    const counts = new Map<string, number>();
    const server = Bun.serve<Link>({
      hostname: "127.0.0.1",
      port: 0,
      tls: authority.server("127.0.0.1"),
      idleTimeout: 0,
      async fetch(request, server) {
        if (request.headers.get("authorization") !== `Bearer ${token}`)
          return new Response("unauthorized", { status: 401 });
        const { pathname, search, searchParams } = new URL(request.url);
        const what = requestKind(request.method, pathname, searchParams.has("watch"));
        counts.set(what, (counts.get(what) ?? 0) + 1);
        const path = pathname + search;
        const protocol = request.headers.get("sec-websocket-protocol");
        if (protocol === null) return passOn(upstream, path, request);
        const data = { path, protocol, upstream: undefined };
        const headers = { "sec-websocket-protocol": protocol };
        return server.upgrade(request, { data, headers }) ? undefined : new Response("", { status: 400 });
      },
      websocket: {
        open(socket) {
          const { path, protocol } = socket.data;
          socket.data.upstream = openUpstream(upstream, path, protocol, socket);
          socket.data.upstream.catch(() => socket.close());
        },
        message({ data }, message) {
          void data.upstream?.then((upstream) => upstream.send(message)).catch(() => {});
        },
        close: ({ data }) => void data.upstream?.then((upstream) => upstream.close()).catch(() => {}),
      },
    });
    const { context, namespace } = upstream;
    const text = JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": context,
      contexts: [{ name: context, context: { cluster: context, user: context, namespace } }],
      clusters: [
        {
          name: context,
          cluster: {
            server: `https://127.0.0.1:${server.port}`,
            "certificate-authority-data": base64(authority.cert),
          },
        },
      ],
      users: [{ name: context, user: { token } }],
    });
    await folder.write("kubeconfig", text);
    return new ApiProxy(folder, server, counts);
  }

  /** Starts `kyc` with the kubeconfig of the proxy. */
  startKyc(args: readonly string[]): Bun.Subprocess<"ignore", "pipe", "pipe"> {
    return Bun.spawn([process.execPath, join(PROJECT, "scripts/kyc.ts"), ...args], {
      cwd: PROJECT,
      env: { ...process.env, KUBECONFIG: this.kubeconfig, NO_COLOR: "1" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  /** The number of all requests. */
  get total(): number {
    return this.counts.values().reduce((sum, count) => sum + count, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
    await this.#folder[Symbol.asyncDispose]();
  }
}

async function passOn(upstream: Connection, path: string, request: Request): Promise<Response> {
  const type = request.headers.get("content-type");
  try {
    const response = await upstream.open(path, {
      method: request.method,
      headers: type === null ? {} : { "content-type": type },
      body: request.body === null ? undefined : await request.text(),
      signal: request.signal,
    });
    const { status, headers } = response;
    const kept = ["content-type", "retry-after"].flatMap((name): [string, string][] => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    return new Response(response.body, { status, headers: kept });
  } catch {
    return new Response(new ReadableStream({ start: (controller) => controller.error() }));
  }
}

async function openUpstream(
  { dial }: Connection,
  path: string,
  protocol: string,
  client: Bun.ServerWebSocket<Link>,
): Promise<WebSocket> {
  if (dial === undefined) throw new Error("the connection has no WebSockets");
  const upstream = await dial(path, protocol);
  upstream.binaryType = "arraybuffer";
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  upstream.onopen = () => resolve(upstream);
  upstream.onerror = () => reject(new Error("the API server refuses the WebSocket"));
  upstream.onmessage = ({ data }) => void client.send(data);
  upstream.onclose = () => client.close();
  return promise;
}

/** Such as `GET pods` for `/api/v1/namespaces/a/pods/b`, and `GET discovery` if no kind is named. */
function requestKind(method: string, path: string, isWatch: boolean): string {
  const verb = isWatch ? "WATCH" : method;
  const named =
    /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)\/(?:namespaces\/[^/]+\/)?([^/]+)(?:\/[^/]+\/([^/]+))?/.exec(path);
  const [, kind = "discovery", subresource] = named ?? [];
  return `${verb} ${kind}${subresource === undefined ? "" : `/${subresource}`}`;
}
