import { STATUS_CODES } from "node:http";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { chunkHead, LAST_CHUNK, type OnData } from "./body.ts";
import type { Connection } from "./connection.ts";
import { type Framing, frameResponse } from "./framing.ts";
import type { RequestHead } from "./head.ts";
import { latin1 } from "./outgoing.ts";

/** One request and the answer to it. When it is over, by the answer's end or by the client's leaving, all calls do nothing. */
export class Exchange {
  readonly request: RequestHead;
  /** How the request's body is framed; `none` when it has none. */
  readonly requestFraming: Framing;
  /** Called once if the client goes away before the answer is complete. */
  onAbort: () => void = () => {};
  /** Called when the client takes bytes again after the exchange was `congested`. */
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

  /** Whether the answer's head is on its way: from then on another answer is no longer possible. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Whether the client takes bytes more slowly than they are written. */
  get congested(): boolean {
    return this.#isCurrent() && this.#connection.outgoing.congested;
  }

  /** Begins to deliver the request's body. Until then it waits, unread. */
  readBody(onData: OnData, onEnd: () => void): void {
    if (this.#isCurrent()) this.#connection.readBody(this, onData, onEnd);
  }

  /** After a `respond` that began a tunnel: hands on all that the client sends, until it goes away. */
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
   * Begins the answer, with the body that the framing tells; the headers get the fields that say so.
   * The head waits for the first `write`, `flush` or `end`, so that a small answer is one packet.
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

  /** Sends a head that still waits for content. */
  flush(): void {
    if (this.#pendingHead !== undefined) this.#send(this.#takeHead(), undefined, "");
  }

  /** Completes the answer. */
  end(): void {
    const tail = this.#takeHead() + (this.#chunked ? LAST_CHUNK : "");
    if (tail !== "") this.#send(tail, undefined, "");
    if (this.#isCurrent()) this.#connection.finishExchange();
  }

  /** Breaks the answer off, so that the client sees that it is not complete. */
  breakOff(): void {
    if (this.#isCurrent()) this.#connection.terminate();
  }

  /** A whole answer of the mesh itself: one sentence of plain text, or bytes as they are; no body for an empty one. */
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
