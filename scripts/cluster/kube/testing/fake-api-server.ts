import { createServer as createHttpServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { createServer as createTlsServer, type Server, TLSSocket } from "node:tls";
import { Answer } from "./fake-answer.ts";
import { Authority } from "./certificates.ts";

/** A request as it arrived. */
export interface Arrived {
  method: string;
  /** The path without its query. */
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: string;
  /** The name in the client certificate, if a trusted one was presented. */
  client: string | undefined;
}

export type Handler = (answer: Answer, request: Arrived) => void | Promise<void>;

export interface FakeApiServerOptions {
  /** Signs the server's certificate, and those of its clients. */
  authority?: Authority;
  /** The names of the server's certificate. @default ["127.0.0.1"] */
  hosts?: string[];
  /** Presents a certificate that is no longer valid. @default false */
  expired?: boolean;
  /** Refuses connections without a client certificate. @default false */
  clientsOnly?: boolean;
  /** @default 0, any */
  port?: number;
}

/**
 * An API server over TLS on the loopback address. It serves discovery of a few kinds, responds as a test defines, and
 * responds to everything else as the real one does for unknown paths.
 */
export class FakeApiServer implements Disposable {
  readonly requests: Arrived[] = [];
  readonly authority: Authority;
  port = 0;
  readonly #handlers = new Map<string, Handler>();
  readonly #sockets = new Set<TLSSocket>();
  readonly #server: Server;

  private constructor(options: FakeApiServerOptions) {
    const { authority = new Authority("cluster"), hosts = ["127.0.0.1"], expired, clientsOnly } = options;
    this.authority = authority;
    for (const [path, resources] of Object.entries(KINDS)) this.offer(path, resources);
    const http = createHttpServer((request, response) => void this.#answer(request, new Answer(response)));
    const tls = {
      ...(expired ? authority.expiredServer(...hosts) : authority.server(...hosts)),
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: clientsOnly ?? false,
    };
    this.#server = createTlsServer(tls, (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
      http.emit("connection", socket);
    });
  }

  static async start(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
    const server = new FakeApiServer(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.#server.once("error", reject);
    server.#server.listen(options.port ?? 0, "127.0.0.1", resolve);
    await promise;
    const address = server.#server.address();
    if (typeof address === "object" && address !== null) server.port = address.port;
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Answers requests of a method to a path, such as `GET /api/v1/namespaces/a/pods`, in this way from now on. */
  on(methodAndPath: string, handler: Handler): void {
    this.#handlers.set(methodAndPath, handler);
  }

  /** Serves discovery of only these kinds in a version of an API group. */
  offer(groupPath: string, kinds: Record<string, string>): void {
    const resources = Object.entries(kinds).flatMap(([kind, name]) => {
      const namespaced = kind !== "Namespace";
      return [
        { name, kind, namespaced },
        { name: `${name}/status`, kind, namespaced },
      ];
    });
    this.on(`GET ${groupPath}`, (answer) => answer.json({ kind: "APIResourceList", resources }));
  }

  /** Returns the requests to a path, in order of arrival. */
  to(path: string): Arrived[] {
    return this.requests.filter((request) => request.path === path);
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.cut();
  }

  async #answer(request: IncomingMessage, answer: Answer): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const arrived: Arrived = {
      method: request.method ?? "",
      path: decodeURIComponent(url.pathname),
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: Buffer.concat(pieces).toString("utf8"),
      client: clientOf(request),
    };
    this.requests.push(arrived);
    const handler = this.#handlers.get(`${arrived.method} ${arrived.path}`);
    if (handler === undefined) answer.text("404 page not found\n", 404);
    else await handler(answer, arrived);
  }
}

function clientOf({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const name = socket.getPeerCertificate().subject.CN;
  return typeof name === "string" ? name : undefined;
}

const KINDS = {
  "/api/v1": {
    ConfigMap: "configmaps",
    Event: "events",
    Namespace: "namespaces",
    Pod: "pods",
    Service: "services",
  },
  "/apis/serving.knative.dev/v1": { Service: "services", Revision: "revisions" },
};
