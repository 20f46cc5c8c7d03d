import { ClientConnection } from "./client-connection.ts";
import type { Framing } from "./framing.ts";
import type { ResponseHead } from "./head.ts";

/** Why there is no complete response. */
export type UpstreamFailure =
  /** No process listens at the address. */
  | { kind: "refused" }
  /** The connection ended before the response's head. `reused`: a reused connection that the peer may have closed as idle. */
  | { kind: "closed"; reused: boolean }
  /** The connection ended within the response's body. */
  | { kind: "broken" }
  /** The response is not HTTP/1.1. */
  | { kind: "malformed"; message: string };

/** Receives the response to one request. `onEnd` or `onFailure` is the last call. */
export interface ResponseHandler {
  /** Whether the request is an upgrade: then 101 is a final response, and a tunnel follows. */
  readonly upgrades?: boolean;
  onHead(head: ResponseHead, framing: Framing): void;
  onData(content: Buffer): void;
  /** All bytes received so far were delivered. */
  onFlush(): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
  /** Called when the peer reads again after the request was `congested`. */
  onDrained?(): void;
}

/** A request in flight. When it is over, calls have no effect. */
export interface UpstreamRequest {
  /** Whether the peer reads more slowly than bytes are written. */
  readonly congested: boolean;
  /** Sends a part of the request's body, already framed. */
  write(bytes: Buffer): void;
  /** Marks the request's body as complete; without this its connection is not reused. */
  finish(): void;
  pause(): void;
  resume(): void;
  /** Closes a tunnel when all written bytes are sent; the handler gets no further calls. */
  close(): void;
  /** Aborts the request: the connection is closed, the handler gets no further calls. */
  abort(): void;
}

// Shorter than the idle timeout of common servers, so that a reused connection is rarely closed under a request.
const MAX_IDLE_MS = 3_000;

/** Connections to one port of this machine, kept open between requests. */
export class HttpClient {
  readonly #hostname: string;
  readonly #port: number;
  readonly #idle: ClientConnection[] = [];
  readonly #open = new Set<ClientConnection>();
  readonly #allClosed = Promise.withResolvers<void>();
  #closing = false;

  constructor(hostname: string, port: number) {
    this.#hostname = hostname;
    this.#port = port;
  }

  /**
   * Sends a request's head. The body follows by `write`, then `finish`.
   * @param fresh whether to open a new connection, for example after a reused one failed
   */
  send(method: string, head: Buffer, handler: ResponseHandler, fresh: boolean): UpstreamRequest {
    const connection = (fresh ? undefined : this.#takeIdle()) ?? this.#connect();
    return connection.start(method, head, handler);
  }

  /** Closes each connection as soon as its request is over; resolves when all are closed. */
  close(): Promise<void> {
    this.#closing = true;
    for (const connection of [...this.#idle]) connection.terminate();
    this.#settle();
    return this.#allClosed.promise;
  }

  #takeIdle(): ClientConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.idleFor() < MAX_IDLE_MS) return connection;
      connection.terminate();
    }
    return undefined;
  }

  #connect(): ClientConnection {
    const connection: ClientConnection = new ClientConnection({
      onIdle: () => {
        if (this.#closing) connection.terminate();
        else this.#idle.push(connection);
      },
      onGone: () => {
        const at = this.#idle.indexOf(connection);
        if (at >= 0) this.#idle.splice(at, 1);
        this.#open.delete(connection);
        this.#settle();
      },
    });
    this.#open.add(connection);
    Bun.connect({
      hostname: this.#hostname,
      port: this.#port,
      socket: {
        open(socket) {
          socket.setNoDelay(true);
          connection.opened(socket);
        },
        data: (_, bytes) => connection.receive(bytes),
        drain: () => connection.outgoing.flush(),
        close: (_, error) => connection.closed(error === undefined),
        // A bug of this program: network errors are passed to `close`.
        error(socket, error) {
          socket.terminate();
          reportError(error);
        },
        connectError: () => connection.refused(),
      },
    }).catch(() => connection.refused());
    return connection;
  }

  #settle(): void {
    if (this.#closing && this.#open.size === 0) this.#allClosed.resolve();
  }
}
