import type { Socket } from "bun";
import { STATUS_CODES } from "node:http";
import { type BodyReader, bodyReader, type OnData } from "./body.ts";
import { Exchange } from "./exchange.ts";
import { requestFraming } from "./framing.ts";
import { MalformedMessage, parseRequestHead } from "./head.ts";
import { Incoming } from "./incoming.ts";
import { latin1 } from "./outgoing.ts";
import { Outgoing } from "./outgoing.ts";

// The most bytes of pipelined requests that are read ahead.
const MAX_AHEAD_BYTES = 64 * 1024;
const LINGER_SECONDS = 5;
const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

/** A client's connection. It processes one exchange at a time, in the order of the requests. */
export class Connection {
  readonly outgoing = new Outgoing(() => this.#onDrained());
  readonly peer: string;
  /** Whether the connection closes after the current exchange. */
  closesAfterwards = false;

  readonly #socket: Socket<unknown>;
  readonly #onExchange: (exchange: Exchange) => void;
  readonly #incoming = new Incoming();
  #exchange: Exchange | undefined;
  #body: { reader: BodyReader; onData: OnData; onEnd: () => void } | undefined;
  #bodyDone = true;
  #isTunnel = false;
  #expectsContinue = false;
  #advancing = false;
  #paused = false;
  #closing = false;

  constructor(socket: Socket<unknown>, onExchange: (exchange: Exchange) => void) {
    this.#socket = socket;
    this.#onExchange = onExchange;
    this.peer = socket.remoteAddress;
    this.outgoing.opened(socket);
  }

  /** The current exchange. */
  get exchange(): Exchange | undefined {
    return this.#exchange;
  }

  receive(bytes: Buffer): void {
    // After the last response, bytes are received and dropped, so that the client can read that response.
    if (this.#closing) return;
    this.#incoming.push(bytes);
    this.#advance();
  }

  closed(): void {
    this.#closing = true;
    this.outgoing.gone();
    this.#incoming.takeAll();
    this.#endExchange()?.onAbort();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Closes the connection at once if it is idle, else after the current exchange. */
  drain(): void {
    this.closesAfterwards = true;
    // A tunnel has no end that could be awaited.
    if (this.#isTunnel && !this.#closing) return this.#endTunnel();
    if (this.#exchange !== undefined || this.#closing) return;
    if (this.outgoing.congested) this.#close();
    else this.#socket.end();
  }

  /** Closes the connection after this exchange unless its request body was read to the end. */
  closeUnlessRead(): void {
    if (!this.#bodyDone) this.closesAfterwards = true;
  }

  readBody(exchange: Exchange, onData: OnData, onEnd: () => void): void {
    if (this.#bodyDone) return onEnd();
    if (this.#expectsContinue) this.outgoing.write(CONTINUE);
    this.#body = { reader: bodyReader(exchange.requestFraming), onData, onEnd };
    this.resume();
    this.#advance();
  }

  /** Delivers all further bytes, which belong to another protocol, until the connection closes. */
  openTunnel(onData: OnData): void {
    this.#isTunnel = true;
    this.#bodyDone = false;
    this.#body = { reader: bodyReader({ kind: "tunnel" }), onData, onEnd() {} };
    this.resume();
    this.#advance();
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  finishExchange(): void {
    // The rest of an unread body would be parsed as the next request.
    this.closeUnlessRead();
    this.#endExchange();
    if (this.closesAfterwards) return this.#close();
    this.resume();
    this.#advance();
  }

  #endExchange(): Exchange | undefined {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#body = undefined;
    return exchange;
  }

  #endTunnel(): void {
    this.#endExchange()?.onAbort();
    this.#close();
  }

  #onDrained(): void {
    if (this.#closing) this.#sendFin();
    else if (this.#exchange !== undefined) this.#exchange.onDrained();
    else {
      this.resume();
      this.#advance();
    }
  }

  /** Processes received bytes as far as the current exchange allows. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      while (this.#incoming.length > 0 && this.#step());
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#refuse(error);
    } finally {
      this.#advancing = false;
    }
    if (!this.#paused && this.#incoming.length > MAX_AHEAD_BYTES) this.pause();
  }

  /** Consumes received bytes; returns whether another step may consume more. */
  #step(): boolean {
    if (this.#exchange === undefined) return this.#readRequest();
    const body = this.#body;
    if (body === undefined) return false;
    const bytes = this.#incoming.takeAll();
    const end = body.reader.push(bytes, body.onData);
    // The exchange may have ended within `onData`.
    if (end < 0 || this.#body !== body) return false;
    if (end < bytes.length) this.#incoming.push(bytes.subarray(end));
    this.#body = undefined;
    this.#bodyDone = true;
    body.onEnd();
    return true;
  }

  #readRequest(): boolean {
    // A client that does not read its responses gets no further ones: they would fill the memory.
    if (this.outgoing.congested) return false;
    this.#incoming.skipEmptyLines();
    const text = this.#incoming.takeHead();
    if (text === undefined) return false;
    const request = parseRequestHead(text);
    const framing = requestFraming(request);
    this.#bodyDone = framing.kind === "none";
    // As in Envoy, the mesh sends 100 Continue itself when it starts to read the body; the next hop gets an
    // ordinary request.
    const expected = request.headers.get("expect");
    this.#expectsContinue = expected?.toLowerCase() === "100-continue";
    if (expected !== undefined) request.headers.remove("expect");
    if (!request.keepAlive) this.closesAfterwards = true;
    this.#exchange = new Exchange(this, request, framing);
    this.#onExchange(this.#exchange);
    return true;
  }

  #refuse(error: MalformedMessage): void {
    if (this.#exchange?.answered) return this.terminate();
    this.#endExchange()?.onAbort();
    const body = `${error.message}\n`;
    const head = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ""}\r\n`;
    const fields = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${body.length}\r\nconnection: close\r\n`;
    this.outgoing.write(latin1(`${head}${fields}\r\n${body}`));
    this.#close();
  }

  /** Stops reading requests, sends the buffered bytes, and then a FIN. */
  #close(): void {
    this.#closing = true;
    this.#incoming.takeAll();
    this.resume();
    if (!this.outgoing.congested) this.#sendFin();
  }

  /**
   * Closes the sending side only. If the connection were closed while the client still sends, the client's kernel
   * would discard a response that it has not read yet (RFC 9112 section 9.6).
   */
  #sendFin(): void {
    this.#socket.shutdown();
    this.#socket.timeout(LINGER_SECONDS);
  }
}
