import type { Socket } from "bun";
import { type BodyReader, bodyReader } from "./body.ts";
import {
  type Framing,
  MalformedMessage,
  MAX_HEAD_BYTES,
  parseResponseHead,
  type ResponseHead,
  responseFraming,
} from "./head.ts";
import { Outgoing } from "./outgoing.ts";

/** Why no (whole) answer came. */
export type UpstreamFailure =
  /** Nobody listens at the address. */
  | { kind: "refused" }
  /** The connection ended before the answer's head; on a kept connection the peer may just have tired of it. */
  | { kind: "closed"; reused: boolean }
  /** The connection ended within the answer's body. */
  | { kind: "broken" }
  /** What came is not HTTP/1.1. */
  | { kind: "malformed"; message: string };

/** What becomes of one request. After `onEnd` or `onFailure` nothing follows. */
export interface ResponseHandler {
  onHead(head: ResponseHead, framing: Framing): void;
  onData(content: Buffer): void;
  /** All that has arrived so far was handed on. */
  onFlush(): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
}

/** A request under way. */
export interface UpstreamRequest {
  /** Whether the peer takes bytes more slowly than they are written. */
  readonly congested: boolean;
  /** Sends a part of the request's body, framed by the caller. */
  write(bytes: Buffer): void;
  /** Says that the request's body is complete; before that, its connection is not used again. */
  finish(): void;
  whenDrained(callback: () => void): void;
  pause(): void;
  resume(): void;
  /** Gives the request up: the peer sees the connection end, the handler hears nothing more. */
  abort(): void;
}

// Shorter than any server's own patience, so that a kept connection is rarely closed under a request.
const MAX_IDLE_MS = 3_000;
const HEAD_END = Buffer.from("\r\n\r\n");

/** Connections to one port of this machine, kept open between requests. */
export class HttpClient {
  readonly #hostname: string;
  readonly #port: number;
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Connection>();
  #onClosed: (() => void) | undefined;

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
    connection.start(method, head, handler);
    return connection;
  }

  /** Closes each connection as soon as its request is done, and resolves when all are closed. */
  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onClosed = resolve;
    for (const connection of [...this.#idle]) connection.abort();
    if (this.#open.size === 0) resolve();
    return promise;
  }

  #takeIdle(): Connection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.idleFor() < MAX_IDLE_MS) return connection;
      connection.abort();
    }
    return undefined;
  }

  #connect(): Connection {
    const connection: Connection = new Connection({
      onIdle: () => {
        if (this.#onClosed) connection.abort();
        else this.#idle.push(connection);
      },
      onGone: () => {
        const at = this.#idle.indexOf(connection);
        if (at >= 0) this.#idle.splice(at, 1);
        this.#open.delete(connection);
        if (this.#open.size === 0) this.#onClosed?.();
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
        error: (socket) => socket.terminate(),
        connectError: () => connection.refused(),
      },
    }).catch(() => connection.refused());
    return connection;
  }
}

interface ConnectionEvents {
  onIdle(): void;
  onGone(): void;
}

class Connection implements UpstreamRequest {
  readonly outgoing = new Outgoing();
  readonly #events: ConnectionEvents;
  #socket: Socket<unknown> | undefined;
  #handler: ResponseHandler | undefined;
  #method = "";
  #served = 0;
  #idleSince = 0;
  #unread: Buffer | undefined;
  #body: BodyReader | undefined;
  #untilClose = false;
  #reusable = false;
  #sent = false;
  #aborted = false;

  constructor(events: ConnectionEvents) {
    this.#events = events;
  }

  get congested(): boolean {
    return this.outgoing.congested;
  }

  idleFor(): number {
    return performance.now() - this.#idleSince;
  }

  start(method: string, head: Buffer, handler: ResponseHandler): void {
    this.#method = method;
    this.#handler = handler;
    this.#body = undefined;
    this.#untilClose = false;
    this.#sent = false;
    this.outgoing.write(head);
  }

  finish(): void {
    this.#sent = true;
  }

  write(bytes: Buffer): void {
    this.outgoing.write(bytes);
  }

  whenDrained(callback: () => void): void {
    this.outgoing.whenDrained(callback);
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  abort(): void {
    this.#aborted = true;
    this.#handler = undefined;
    this.outgoing.gone();
    this.#events.onGone();
    this.#socket?.terminate();
  }

  opened(socket: Socket<unknown>): void {
    if (this.#aborted) {
      socket.terminate();
      return;
    }
    this.#socket = socket;
    this.outgoing.opened(socket);
  }

  refused(): void {
    this.#fail({ kind: "refused" });
  }

  /** @param inOrder by a FIN, not by a reset */
  closed(inOrder: boolean): void {
    if (this.#untilClose && inOrder) return this.#complete(false);
    if (this.#body !== undefined) return this.#fail({ kind: "broken" });
    this.#fail({ kind: "closed", reused: this.#served > 0 });
  }

  receive(bytes: Buffer): void {
    const handler = this.#handler;
    if (handler === undefined) {
      // An answer that nobody asked for: this connection can no longer be trusted.
      if (!this.#aborted) this.abort();
      return;
    }
    this.#unread = this.#unread === undefined ? bytes : Buffer.concat([this.#unread, bytes]);
    try {
      this.#advance(handler);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#fail({ kind: "malformed", message: error.message });
      this.#socket?.terminate();
      return;
    }
    if (this.#handler === handler) handler.onFlush();
  }

  #advance(handler: ResponseHandler): void {
    while (this.#body === undefined) {
      if (this.#unread === undefined || !this.#readHead(handler, this.#unread)) return;
      if (this.#handler !== handler) return;
    }
    const bytes = this.#unread;
    if (bytes === undefined) return;
    this.#unread = undefined;
    const end = this.#body.push(bytes, (content) => this.#handler?.onData(content));
    if (end >= 0 && this.#handler === handler) this.#complete(end === bytes.length);
  }

  /** Whether a whole head was there. */
  #readHead(handler: ResponseHandler, bytes: Buffer): boolean {
    const end = bytes.indexOf(HEAD_END);
    if (end < 0 || end > MAX_HEAD_BYTES) {
      if (bytes.length > MAX_HEAD_BYTES) throw new MalformedMessage("the answer's head is too long", 502);
      return false;
    }
    const head = parseResponseHead(bytes.toString("latin1", 0, end));
    this.#unread = bytes.length > end + 4 ? bytes.subarray(end + 4) : undefined;
    // An interim answer; the final one follows.
    if (head.status < 200) return this.#unread !== undefined;
    const framing = responseFraming(head, this.#method);
    this.#reusable = head.keepAlive && framing.kind !== "close";
    this.#untilClose = framing.kind === "close";
    this.#body = bodyReader(framing);
    handler.onHead(head, framing);
    if (framing.kind === "none" && this.#handler === handler) this.#complete(this.#unread === undefined);
    return true;
  }

  /** @param clean whether nothing followed the answer */
  #complete(clean: boolean): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#body = undefined;
    this.#unread = undefined;
    this.#served++;
    if (clean && this.#reusable && this.#sent && !this.outgoing.congested) {
      this.#idleSince = performance.now();
      this.#events.onIdle();
    } else {
      this.abort();
    }
    handler?.onEnd();
  }

  #fail(failure: UpstreamFailure): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.outgoing.gone();
    this.#events.onGone();
    handler?.onFailure(failure);
  }
}
