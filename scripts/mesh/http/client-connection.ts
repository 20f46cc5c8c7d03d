import type { Socket } from "bun";
import { type BodyReader, bodyReader } from "./body.ts";
import type { ResponseHandler, UpstreamFailure, UpstreamRequest } from "./client.ts";
import { type Framing, responseFraming } from "./framing.ts";
import { MalformedMessage, parseResponseHead } from "./head.ts";
import { Incoming } from "./incoming.ts";
import { Outgoing } from "./outgoing.ts";

export interface ConnectionEvents {
  /** The connection is free for the next request. */
  onIdle(): void;
  /** The connection is closed or closing; may be called more than once. */
  onGone(): void;
}

/** A connection to a server that carries one request at a time. */
export class ClientConnection {
  readonly outgoing = new Outgoing(() => {
    if (this.#closing) this.#socket?.end();
    else this.#request?.handler.onDrained?.();
  });
  readonly #events: ConnectionEvents;
  readonly #incoming = new Incoming();
  #socket: Socket<unknown> | undefined;
  #request: Request | undefined;
  #body: BodyReader | undefined;
  #served = 0;
  #idleSince = 0;
  /** Whether any byte of the current response has arrived. */
  #heard = false;
  #untilClose = false;
  #reusable = false;
  #paused = false;
  #terminated = false;
  #closing = false;

  constructor(events: ConnectionEvents) {
    this.#events = events;
  }

  /** The current request. */
  get request(): UpstreamRequest | undefined {
    return this.#request;
  }

  idleFor(): number {
    return performance.now() - this.#idleSince;
  }

  start(method: string, head: Buffer, handler: ResponseHandler): UpstreamRequest {
    this.#request = new Request(this, method, handler);
    this.#body = undefined;
    this.#heard = false;
    this.#untilClose = false;
    this.outgoing.write(head);
    return this.#request;
  }

  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket?.resume();
  }

  /** Closes the connection at once; the current request gets no further calls. */
  terminate(): void {
    this.#terminated = true;
    this.#leave();
    this.#socket?.terminate();
  }

  /** Closes the connection when all written bytes are sent; the current request gets no further calls. */
  close(): void {
    this.#closing = true;
    this.#request = undefined;
    this.resume();
    if (!this.outgoing.congested) this.#socket?.end();
  }

  opened(socket: Socket<unknown>): void {
    if (this.#terminated) {
      socket.terminate();
      return;
    }
    this.#socket = socket;
    this.outgoing.opened(socket);
  }

  refused(): void {
    this.#fail({ kind: "refused" });
  }

  /** @param inOrder whether it was closed by a FIN and not by a reset */
  closed(inOrder: boolean): void {
    if (this.#request === undefined) return void this.#leave();
    if (this.#untilClose && inOrder) return this.#complete(false);
    if (this.#body !== undefined) return this.#fail({ kind: "broken" });
    this.#fail({ kind: "closed", reused: this.#served > 0 && !this.#heard });
  }

  receive(bytes: Buffer): void {
    const request = this.#request;
    if (this.#closing) return;
    // A response without a request: this connection can no longer be trusted.
    if (request === undefined) return this.terminate();
    this.#heard = true;
    this.#incoming.push(bytes);
    try {
      while (this.#request === request && this.#incoming.length > 0 && this.#step(request));
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#fail({ kind: "malformed", message: error.message });
      this.#socket?.terminate();
    }
    if (this.#request === request) request.handler.onFlush();
  }

  /** Consumes received bytes; returns whether another step may consume more. */
  #step(request: Request): boolean {
    const { handler } = request;
    if (this.#body === undefined) return this.#readHead(request);
    const bytes = this.#incoming.takeAll();
    const end = this.#body.push(bytes, (content) => {
      if (this.#request === request) handler.onData(content);
    });
    if (end >= 0 && this.#request === request) this.#complete(end === bytes.length);
    return false;
  }

  #readHead(request: Request): boolean {
    const text = this.#incoming.takeHead();
    if (text === undefined) return false;
    const head = parseResponseHead(text);
    const isUpgrade = head.status === 101;
    if (isUpgrade && request.handler.upgrades !== true)
      throw new MalformedMessage("the answer switches to a protocol that was not requested");
    // An interim response; the final one follows.
    if (head.status < 200 && !isUpgrade) return true;
    const framing: Framing = isUpgrade ? { kind: "tunnel" } : responseFraming(head, request.method);
    this.#untilClose = framing.kind === "close" || isUpgrade;
    this.#reusable = head.keepAlive && !this.#untilClose;
    this.#body = bodyReader(framing);
    request.handler.onHead(head, framing);
    if (framing.kind === "none" && this.#request === request) this.#complete(this.#incoming.length === 0);
    return true;
  }

  /** @param clean whether no byte followed the response */
  #complete(clean: boolean): void {
    const request = this.#request;
    this.#request = undefined;
    this.#body = undefined;
    this.#served++;
    if (clean && this.#reusable && request?.isSent === true && !this.outgoing.congested) {
      // The last request may have paused the connection; the next one starts unpaused.
      this.resume();
      this.#idleSince = performance.now();
      this.#events.onIdle();
    } else {
      this.terminate();
    }
    request?.handler.onEnd();
  }

  #fail(failure: UpstreamFailure): void {
    this.#leave()?.handler.onFailure(failure);
  }

  #leave(): Request | undefined {
    const request = this.#request;
    this.#request = undefined;
    this.outgoing.gone();
    this.#events.onGone();
    return request;
  }
}

class Request implements UpstreamRequest {
  readonly method: string;
  readonly handler: ResponseHandler;
  readonly #connection: ClientConnection;
  isSent = false;

  constructor(connection: ClientConnection, method: string, handler: ResponseHandler) {
    this.#connection = connection;
    this.method = method;
    this.handler = handler;
  }

  get congested(): boolean {
    return this.#isCurrent() && this.#connection.outgoing.congested;
  }

  write(bytes: Buffer): void {
    if (this.#isCurrent()) this.#connection.outgoing.write(bytes);
  }

  finish(): void {
    this.isSent = true;
  }

  pause(): void {
    if (this.#isCurrent()) this.#connection.pause();
  }

  resume(): void {
    if (this.#isCurrent()) this.#connection.resume();
  }

  close(): void {
    if (this.#isCurrent()) this.#connection.close();
  }

  abort(): void {
    if (this.#isCurrent()) this.#connection.terminate();
  }

  #isCurrent(): boolean {
    return this.#connection.request === this;
  }
}
