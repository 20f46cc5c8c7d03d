import { chunkHead, LAST_CHUNK } from "../http/body.ts";
import type { UpstreamRequest } from "../http/client.ts";
import type { Exchange } from "../http/exchange.ts";
import { latin1 } from "../http/outgoing.ts";

// A body up to this size is kept for retries.
const MAX_REPLAY_BYTES = 64 * 1024;

/** `flowing`: the body arrives. `paused`: the revision is slower than the client. `complete`: it has arrived. */
export type BodyState = "flowing" | "paused" | "complete";

/** Receives a body. */
export type BodySink = Pick<UpstreamRequest, "write" | "finish" | "abort">;

/** The body of a request on its way to a revision. It is sent again from its beginning if the request is retried. */
export class RequestBody {
  readonly #exchange: Exchange;
  readonly #onState: (state: BodyState) => void;
  readonly #chunked: boolean;
  #to: UpstreamRequest | undefined;
  readonly #copies: BodySink[] = [];
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #reading = false;
  #state: BodyState = "flowing";

  /** @param onState called when the state changes; `complete` is the last state */
  constructor(exchange: Exchange, onState: (state: BodyState) => void) {
    this.#exchange = exchange;
    this.#onState = onState;
    this.#chunked = exchange.requestFraming.kind === "chunked";
  }

  /** Whether the whole body has arrived. */
  get complete(): boolean {
    return this.#state === "complete";
  }

  /** Whether all bytes that have arrived are still buffered, so that they can be sent again. */
  get repeatable(): boolean {
    return this.#kept !== undefined;
  }

  /** Starts to read into the buffer before the destination is known. */
  read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#exchange.readBody(
      (content) => this.#onData(content),
      () => this.#onBodyEnd(),
    );
  }

  /** Sends the body to a request, from its beginning. */
  sendTo(upstream: UpstreamRequest): void {
    this.#to = upstream;
    for (const bytes of this.#kept ?? []) upstream.write(bytes);
    this.#dropLongBody();
    if (this.complete) return upstream.finish();
    this.read();
    if (!this.complete) this.#keepPace();
  }

  /** Also sends the body to a copy, at the pace of the first destination. All bytes must still be buffered. */
  copyTo(copy: BodySink): void {
    for (const bytes of this.#kept ?? []) copy.write(bytes);
    if (this.complete) copy.finish();
    else this.#copies.push(copy);
  }

  /** Ends the body and aborts incomplete copies. */
  end(): void {
    if (!this.complete) for (const copy of this.#copies) copy.abort();
  }

  /** Buffers what arrives until the next `sendTo`. */
  detach(): void {
    this.#to = undefined;
  }

  /** Called when the destination accepts bytes again. */
  onDrained(): void {
    if (!this.complete) this.#keepPace();
  }

  #onData(content: Buffer): void {
    this.#send(this.#chunked ? latin1(chunkHead(content), content, "\r\n") : content);
    this.#keepPace();
  }

  #onBodyEnd(): void {
    if (this.#chunked) this.#send(Buffer.from(LAST_CHUNK));
    this.#to?.finish();
    for (const copy of this.#copies) copy.finish();
    this.#setState("complete");
  }

  #send(bytes: Buffer): void {
    this.#keptBytes += bytes.length;
    this.#kept?.push(bytes);
    this.#to?.write(bytes);
    for (const copy of this.#copies) copy.write(bytes);
    this.#dropLongBody();
  }

  /** Drops the buffer of a long body after it was sent. Until then, reading is paused. */
  #dropLongBody(): void {
    if (this.#to !== undefined && this.#keptBytes > MAX_REPLAY_BYTES) this.#kept = undefined;
  }

  #keepPace(): void {
    const mustPause = this.#to === undefined ? this.#keptBytes > MAX_REPLAY_BYTES : this.#to.congested;
    if (mustPause) this.#exchange.pauseBody();
    else this.#exchange.resumeBody();
    this.#setState(mustPause ? "paused" : "flowing");
  }

  #setState(state: BodyState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onState(state);
  }
}
