import type { Socket } from "bun";
import { STATUS_CODES } from "node:http";
import { HeaderList } from "../../traffic/headers.ts";
import { type BodyReader, bodyReader, chunkHead, LAST_CHUNK, type OnData } from "./body.ts";
import {
  type Framing,
  MalformedMessage,
  MAX_HEAD_BYTES,
  parseRequestHead,
  type RequestHead,
  requestFraming,
} from "./head.ts";
import { Outgoing } from "./outgoing.ts";

export interface HttpServerOptions {
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  /** Called for each request, as soon as its head is complete. */
  onExchange(exchange: Exchange): void;
}

export interface HttpServer {
  readonly port: number;
  /** Stops accepting, lets what is under way end, and resolves when every connection is closed. */
  stop(): Promise<void>;
  /** Closes every connection now. */
  terminate(): void;
}

/**
 * An HTTP/1.1 server that keeps what a proxy must not lose: the request target byte for byte, the order of
 * headers, bodies as a stream with back-pressure, and the moment the client goes away. (Bun.serve normalises
 * the path before a handler sees it.) Malformed requests are answered here and never reach `onExchange`.
 * @throws when the port is taken (error code EADDRINUSE) or not permitted (EACCES)
 */
export function serveHttp(options: HttpServerOptions): HttpServer {
  const connections = new Set<Connection>();
  let onAllClosed: (() => void) | undefined;
  const listener = Bun.listen<Connection | undefined>({
    hostname: options.hostname,
    port: options.port,
    exclusive: true,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        const connection = new Connection(socket, options.onExchange);
        if (onAllClosed) connection.drain();
        socket.data = connection;
        connections.add(connection);
      },
      data: (socket, bytes) => socket.data?.receive(bytes),
      drain: (socket) => socket.data?.flush(),
      timeout: (socket) => socket.terminate(),
      close(socket) {
        const connection = socket.data;
        if (!connection) return;
        connections.delete(connection);
        connection.closed();
        if (connections.size === 0) onAllClosed?.();
      },
      error: (socket) => socket.terminate(),
    },
  });
  return {
    port: listener.port,
    stop() {
      listener.stop(false);
      const { promise, resolve } = Promise.withResolvers<void>();
      onAllClosed = resolve;
      for (const connection of connections) connection.drain();
      if (connections.size === 0) resolve();
      return promise;
    },
    terminate: () => listener.stop(true),
  };
}

/** One request and the answer to it. */
export class Exchange {
  readonly request: RequestHead;
  /** How the request's body is framed; `none` when it has none. */
  readonly requestFraming: Framing;
  /** The client's address. */
  readonly peer: string;
  /** Called once if the client goes away before the answer is complete. */
  onAbort: () => void = () => {};

  readonly #connection: Connection;
  #pendingHead: string | undefined;
  #chunked = false;
  #bodyless = false;
  #answered = false;

  constructor(connection: Connection, request: RequestHead, framing: Framing, peer: string) {
    this.#connection = connection;
    this.request = request;
    this.requestFraming = framing;
    this.peer = peer;
  }

  /** Whether the answer's head is on its way: from then on another answer is no longer possible. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Whether the client takes bytes more slowly than they are written. */
  get congested(): boolean {
    return this.#connection.outgoing.congested;
  }

  /** Begins to deliver the request's body. Until then it waits, unread. */
  readBody(onData: OnData, onEnd: () => void): void {
    this.#connection.readBody(onData, onEnd);
  }

  pauseBody(): void {
    this.#connection.pause();
  }

  resumeBody(): void {
    this.#connection.resume();
  }

  whenDrained(callback: () => void): void {
    this.#connection.outgoing.whenDrained(callback);
  }

  /**
   * Begins the answer. The headers must hold no field that speaks of one connection only; Content-Length stays
   * when it is there. The head waits for the first `write`, `flush` or `end`, so that a small answer is one packet.
   */
  respond(status: number, reason: string, headers: HeaderList, framing: Framing): void {
    this.#answered = true;
    this.#bodyless = framing.kind === "none";
    this.#chunked = framing.kind === "chunked" || framing.kind === "close";
    let head = `HTTP/1.1 ${status} ${reason || (STATUS_CODES[status] ?? "")}\r\n${headers.toString()}`;
    if (this.#chunked) head += "transfer-encoding: chunked\r\n";
    if (this.#connection.closesAfterwards) head += "connection: close\r\n";
    this.#pendingHead = `${head}\r\n`;
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
    this.#connection.finishExchange();
  }

  /** Breaks the answer off, so that the client sees that it is not complete. */
  breakOff(): void {
    this.#connection.terminate();
  }

  /** A whole answer of the mesh itself: one sentence of plain text, or no body for an empty text. */
  reply(status: number, text: string, headers = new HeaderList()): void {
    const body = Buffer.from(text === "" ? "" : `${text}\n`);
    if (text !== "") headers.set("content-type", "text/plain; charset=utf-8");
    headers.set("content-length", String(body.length));
    this.#connection.closeUnlessRead();
    const bodyless = this.request.method === "HEAD" || text === "";
    this.respond(status, "", headers, bodyless ? { kind: "none" } : { kind: "length", bytes: body.length });
    this.write(body);
    this.end();
  }

  #takeHead(): string {
    const head = this.#pendingHead ?? "";
    this.#pendingHead = undefined;
    return head;
  }

  #send(before: string, content: Buffer | undefined, after: string): void {
    this.#connection.outgoing.write(latin1(before, content, after));
  }
}

/** Text in Latin-1, content and text again, as one buffer. */
export function latin1(before: string, content: Buffer | undefined, after: string): Buffer {
  if (content === undefined) return Buffer.from(before + after, "latin1");
  if (before === "" && after === "") return content;
  const bytes = Buffer.allocUnsafe(before.length + content.length + after.length);
  bytes.write(before, 0, "latin1");
  bytes.set(content, before.length);
  if (after !== "") bytes.write(after, before.length + content.length, "latin1");
  return bytes;
}

// What a client may send ahead of its turn before it has to wait.
const MAX_AHEAD_BYTES = 64 * 1024;
const LINGER_SECONDS = 5;
const HEAD_END = Buffer.from("\r\n\r\n");
const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");

/** A client's connection: one exchange after the other, in the order in which the requests came. */
class Connection {
  readonly outgoing = new Outgoing();
  /** Whether the connection ends with the exchange under way. */
  closesAfterwards = false;

  readonly #socket: Socket<unknown>;
  readonly #onExchange: (exchange: Exchange) => void;
  #unread: Buffer | undefined;
  #exchange: Exchange | undefined;
  #body: { reader: BodyReader; onData: OnData; onEnd: () => void } | undefined;
  #bodyDone = true;
  #expectsContinue = false;
  #advancing = false;
  #paused = false;

  constructor(socket: Socket<unknown>, onExchange: (exchange: Exchange) => void) {
    this.#socket = socket;
    this.#onExchange = onExchange;
    this.outgoing.opened(socket);
  }

  receive(bytes: Buffer): void {
    // After the last answer nothing is read any more, only taken, so that the client can read that answer.
    if (this.#exchange === undefined && this.closesAfterwards) return;
    this.#unread = this.#unread === undefined ? bytes : Buffer.concat([this.#unread, bytes]);
    this.#advance();
  }

  flush(): void {
    this.outgoing.flush();
  }

  closed(): void {
    this.outgoing.gone();
    this.#unread = undefined;
    this.#body = undefined;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.onAbort();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Closes an idle connection now, another one after its exchange. */
  drain(): void {
    this.closesAfterwards = true;
    if (this.#exchange === undefined) this.#close();
  }

  /** Ends the connection after this exchange where some of its body is still to come and nobody wants it. */
  closeUnlessRead(): void {
    if (!this.#bodyDone) this.closesAfterwards = true;
  }

  readBody(onData: OnData, onEnd: () => void): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (this.#bodyDone) return onEnd();
    if (this.#expectsContinue) this.outgoing.write(CONTINUE);
    this.#body = { reader: bodyReader(exchange.requestFraming), onData, onEnd };
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
    this.#exchange = undefined;
    this.#body = undefined;
    // What the client still sends of a body that nobody reads would be taken for the next request.
    this.closeUnlessRead();
    if (this.closesAfterwards) return this.#close();
    this.resume();
    this.#advance();
  }

  /** Works through what has arrived, as far as the exchange under way allows. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      while (this.#unread !== undefined && this.#step(this.#unread));
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#refuse(error);
    } finally {
      this.#advancing = false;
    }
    if (!this.#paused && (this.#unread?.length ?? 0) > MAX_AHEAD_BYTES) this.pause();
  }

  /** Consumes what it can of these bytes; whether another step may get further. */
  #step(bytes: Buffer): boolean {
    if (this.#exchange === undefined) return !this.closesAfterwards && this.#readHead(bytes);
    if (this.#body === undefined) return false;
    const { reader, onData, onEnd } = this.#body;
    const end = reader.push(bytes, onData);
    if (end < 0) {
      this.#unread = undefined;
      return false;
    }
    this.#unread = end < bytes.length ? bytes.subarray(end) : undefined;
    this.#body = undefined;
    this.#bodyDone = true;
    onEnd();
    return true;
  }

  #readHead(bytes: Buffer): boolean {
    // RFC 9112 section 2.2: an empty line or two ahead of a request line are passed over.
    if (bytes[0] === 13 && bytes[1] === 10) {
      this.#unread = bytes.length > 2 ? bytes.subarray(2) : undefined;
      return true;
    }
    const end = bytes.indexOf(HEAD_END);
    if (end < 0 || end > MAX_HEAD_BYTES) {
      if (bytes.length > MAX_HEAD_BYTES) throw new MalformedMessage("the request's head is too long", 431);
      if (hasBareLineFeed(bytes)) throw new MalformedMessage("a line ends in a bare LF");
      return false;
    }
    const request = parseRequestHead(bytes.toString("latin1", 0, end));
    const framing = requestFraming(request);
    this.#unread = bytes.length > end + 4 ? bytes.subarray(end + 4) : undefined;
    this.#bodyDone = framing.kind === "none";
    // As Envoy does: answered here, when the body is wanted, so that the next hop sees an ordinary request.
    this.#expectsContinue = request.headers.get("expect")?.toLowerCase() === "100-continue";
    request.headers.remove("expect");
    if (!request.keepAlive) this.closesAfterwards = true;
    this.#exchange = new Exchange(this, request, framing, this.#socket.remoteAddress);
    this.#onExchange(this.#exchange);
    return true;
  }

  #refuse(error: MalformedMessage): void {
    this.closesAfterwards = true;
    this.#unread = undefined;
    const exchange = this.#exchange;
    if (exchange?.answered) return this.terminate();
    this.#exchange = undefined;
    this.#body = undefined;
    exchange?.onAbort();
    const body = `${error.message}\n`;
    const head = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ""}\r\n`;
    const fields = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${body.length}\r\nconnection: close\r\n`;
    this.outgoing.write(latin1(`${head}${fields}\r\n${body}`, undefined, ""));
    this.#close();
  }

  /** Sends what is left, then FIN; a client that does not close its side in time is cut off. */
  #close(): void {
    this.#unread = undefined;
    this.resume();
    this.outgoing.end();
    this.#socket.timeout(LINGER_SECONDS);
  }
}

function hasBareLineFeed(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (at === 0 || bytes[at - 1] !== 13) return true;
  }
  return false;
}
