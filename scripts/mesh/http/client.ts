import { ClientConnection } from "./client-connection.ts";
import type { Framing } from "./framing.ts";
import type { ResponseHead } from "./head.ts";

/** Why no (whole) answer came. */
export type UpstreamFailure =
  /** Nobody listens at the address. */
  | { kind: "refused" }
  /** The connection ended before the answer's head. `unused`: it was a kept one, of which the peer may just have tired. */
  | { kind: "closed"; unused: boolean }
  /** The connection ended within the answer's body. */
  | { kind: "broken" }
  /** What came is not HTTP/1.1. */
  | { kind: "malformed"; message: string };

/** What becomes of one request. After `onEnd` or `onFailure` nothing follows. */
export interface ResponseHandler {
  /** Whether the request asks for another protocol: then 101 is an answer, and what follows it is that protocol's. */
  readonly upgrades?: boolean;
  onHead(head: ResponseHead, framing: Framing): void;
  onData(content: Buffer): void;
  /** All that has arrived so far was handed on. */
  onFlush(): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
  /** The peer takes bytes again after the request was `congested`. */
  onDrained?(): void;
}

/** A request under way. When it is over all calls do nothing. */
export interface UpstreamRequest {
  /** Whether the peer takes bytes more slowly than they are written. */
  readonly congested: boolean;
  /** Sends a part of the request's body, framed by the caller. */
  write(bytes: Buffer): void;
  /** Says that the request's body is complete; before that, its connection is not used again. */
  finish(): void;
  pause(): void;
  resume(): void;
  /** Ends a tunnel in order, when all that was written is sent; the handler hears nothing more. */
  close(): void;
  /** Gives the request up: the peer sees the connection end, the handler hears nothing more. */
  abort(): void;
}

// Shorter than any server's own patience, so that a kept connection is rarely closed under a request.
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
   * Sends a request's head; its body follows by `write`, its end is `finish`.
   * @param fresh never to use a kept connection, as after one failed
   */
  send(method: string, head: Buffer, handler: ResponseHandler, fresh: boolean): UpstreamRequest {
    const connection = (fresh ? undefined : this.#takeIdle()) ?? this.#connect();
    return connection.start(method, head, handler);
  }

  /** Closes each connection as soon as its request is done, and resolves when all are closed. */
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
        // An error of our own: the network's come to `close`.
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
