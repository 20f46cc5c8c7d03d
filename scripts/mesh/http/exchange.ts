import { STATUS_CODES } from "node:http";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { chunkHead, LAST_CHUNK, type OnData } from "./body.ts";
import type { Connection } from "./connection.ts";
import { type Framing, frameResponse } from "./framing.ts";
import type { RequestHead } from "./head.ts";
import { latin1 } from "./outgoing.ts";

/** A request and its response. Calls have no effect after the response is complete or the client has disconnected. */
export class Exchange {
  readonly request: RequestHead;
  /** How the request's body is framed; `none` if it has none. */
  readonly requestFraming: Framing;
  /** Called once if the client disconnects before the response is complete. */
  onAbort: () => void = () => {};
  /** Called when the client reads again after the exchange was `congested`. */
  onDrained: () => void = () => {};

  readonly #connection: Connection;
  #pendingHead: string | undefined;
  #chunked = false;
  #bodyless = false;
  #answered = false;

  constructor(connection: Connection, request: RequestHead, framing: Framing) {
    this.#connection = connection;
    this.request = request;
    this.requestFraming = framing;
  }

  /** The client's address. */
  get peer(): string {
    return this.#connection.peer;
  }

  /** Whether the response has begun: another response is then no longer possible. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Whether the client reads more slowly than bytes are written. */
  get congested(): boolean {
    return this.#isCurrent() && this.#connection.outgoing.congested;
  }

  /** Starts delivering the request's body. Until then it is not read. */
  readBody(onData: OnData, onEnd: () => void): void {
    if (this.#isCurrent()) this.#connection.readBody(this, onData, onEnd);
  }

  /** Delivers the client's data until it closes, after `respond` opened a tunnel. */
  readTunnel(onData: OnData): void {
    if (this.#isCurrent()) this.#connection.openTunnel(onData);
  }

  pauseBody(): void {
    if (this.#isCurrent()) this.#connection.pause();
  }

  resumeBody(): void {
    if (this.#isCurrent()) this.#connection.resume();
  }

  /**
   * Begins the response. The framing fields are added to the headers. The head is sent with the first `write`,
   * `flush` or `end`, so that a small response is one packet.
   */
  respond(status: number, reason: string, headers: HeaderList, framing: Framing): void {
    this.#answered = true;
    this.#bodyless = framing.kind === "none";
    this.#chunked = framing.kind === "chunked" || framing.kind === "close";
    frameResponse(headers, framing, status, this.request.method);
    if (this.#connection.closesAfterwards) headers.add("connection", "close");
    this.#pendingHead = `HTTP/1.1 ${status} ${reason || (STATUS_CODES[status] ?? "")}\r\n${headers.toString()}\r\n`;
  }

  write(content: Buffer): void {
    if (this.#bodyless || content.length === 0) return;
    const head = this.#takeHead();
    if (this.#chunked) this.#send(head + chunkHead(content), content, "\r\n");
    else this.#send(head, content, "");
  }

  /** Sends the head if it was not sent yet. */
  flush(): void {
    if (this.#pendingHead !== undefined) this.#send(this.#takeHead(), undefined, "");
  }

  /** Completes the response. */
  end(): void {
    const tail = this.#takeHead() + (this.#chunked ? LAST_CHUNK : "");
    if (tail !== "") this.#send(tail, undefined, "");
    if (this.#isCurrent()) this.#connection.finishExchange();
  }

  /** Closes the connection within the response, so that the client sees that it is incomplete. */
  breakOff(): void {
    if (this.#isCurrent()) this.#connection.terminate();
  }

  /** Sends a complete response of the mesh itself: a line of plain text, or bytes; no body if it is empty. */
  reply(status: number, content: string | Uint8Array, headers = new HeaderList()): void {
    const body = Buffer.from(typeof content === "string" && content !== "" ? `${content}\n` : content);
    if (body.length > 0 && headers.get("content-type") === undefined) {
      headers.set("content-type", typeof content === "string" ? "text/plain; charset=utf-8" : "text/plain");
    }
    headers.set("content-length", String(body.length));
    if (this.#isCurrent()) this.#connection.closeUnlessRead();
    const bodyless = this.request.method === "HEAD" || body.length === 0;
    this.respond(status, "", headers, bodyless ? { kind: "none" } : { kind: "length", bytes: body.length });
    this.write(body);
    this.end();
  }

  #isCurrent(): boolean {
    return this.#connection.exchange === this;
  }

  #takeHead(): string {
    const head = this.#pendingHead ?? "";
    this.#pendingHead = undefined;
    return head;
  }

  #send(before: string, content: Buffer | undefined, after: string): void {
    if (this.#isCurrent()) this.#connection.outgoing.write(latin1(before, content, after));
  }
}
