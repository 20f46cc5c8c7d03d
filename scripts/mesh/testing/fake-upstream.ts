import type { HttpClient, ResponseHandler, UpstreamFailure, UpstreamRequest } from "../http/client.ts";
import type { Framing } from "../http/framing.ts";
import type { ResponseHead } from "../http/head.ts";
import { RawServer, type RawSocket } from "./raw-socket.ts";
import { until } from "./test-system.ts";

/** A small good answer. */
export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** Starts a server that sends these bytes for each request head. */
export function answering(bytes: string): Promise<RawServer> {
  return RawServer.listen((socket) => void answer(socket, bytes));
}

async function answer(socket: RawSocket, bytes: string): Promise<void> {
  try {
    for (;;) {
      await socket.until("\r\n\r\n");
      socket.clear();
      await socket.send(bytes);
    }
  } catch {
    // The client closed the connection.
  }
}

/** Starts a server that gives these answers, one per connection; an empty one is a reset, `undefined` is silence. */
export function answeringInTurn(...answers: (string | undefined)[]): Promise<RawServer> {
  let next = 0;
  return RawServer.listen((socket: RawSocket) => {
    const answer = answers[Math.min(next++, answers.length - 1)];
    if (answer === undefined) return;
    const go = answer === "" ? () => socket.reset() : () => socket.send(answer);
    socket.until("\r\n\r\n").then(go, () => {});
  });
}

/** Sends a request with the mesh's own client, and records the outcome. */
export class TestRequest implements ResponseHandler {
  readonly upstream: UpstreamRequest;
  head: ResponseHead | undefined;
  framing: Framing | undefined;
  content = "";
  byteCount = 0;
  failure: UpstreamFailure | undefined;
  drains = 0;
  /** The calls in order; repeated data and flushes once. */
  readonly calls: string[] = [];

  constructor(
    client: HttpClient,
    line = "GET /",
    options: { body?: string; fresh?: boolean; open?: boolean } = {},
  ) {
    const { body = "", fresh = false, open = false } = options;
    const fields = `host: a.test\r\n${body === "" ? "" : `content-length: ${body.length}\r\n`}`;
    const head = Buffer.from(`${line} HTTP/1.1\r\n${fields}\r\n${body}`, "latin1");
    this.upstream = client.send(line.split(" ")[0] ?? "", head, this, fresh);
    if (!open) this.upstream.finish();
  }

  get isOver(): boolean {
    return this.calls.includes("end") || this.calls.includes("failure");
  }

  async over(): Promise<this> {
    await until("the request is over", () => this.isOver);
    return this;
  }

  onHead(head: ResponseHead, framing: Framing): void {
    [this.head, this.framing] = [head, framing];
    this.#note("head");
  }
  onData(content: Buffer): void {
    this.byteCount += content.length;
    if (content.length < 10_000) this.content += content.toString("latin1");
    this.#note("data");
  }
  onFlush(): void {
    this.#note("flush");
  }
  onEnd(): void {
    this.#note("end");
  }
  onFailure(failure: UpstreamFailure): void {
    this.failure = failure;
    this.#note("failure");
  }
  onDrained(): void {
    this.drains++;
  }

  #note(call: string): void {
    if (this.calls.at(-1) !== call || call === "end" || call === "failure") this.calls.push(call);
  }
}
