import { chunkHead, LAST_CHUNK } from "../http/body.ts";
import type { UpstreamRequest } from "../http/client.ts";
import type { Exchange } from "../http/exchange.ts";
import { latin1 } from "../http/latin1.ts";

// Up to this size a request's body is kept, so that the request can be sent again.
const MAX_REPLAY_BYTES = 64 * 1024;

/** What a body does: it comes, or it has to wait until the revision takes more of it, or all of it has come. */
export type BodyState = "flowing" | "waiting" | "complete";

/** What a body can be sent to. */
export type BodySink = Pick<UpstreamRequest, "write" | "finish" | "abort">;

/** The body of a request on its way to a revision, and to another one when the request is sent again. */
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

  /** @param onState called when the state changes; `complete` is the last one */
  constructor(exchange: Exchange, onState: (state: BodyState) => void) {
    this.#exchange = exchange;
    this.#onState = onState;
    this.#chunked = exchange.requestFraming.kind === "chunked";
  }

  /** Whether the client has sent all of it. */
  get complete(): boolean {
    return this.#state === "complete";
  }

  /** Whether all that was sent so far is still there to be sent again. */
  get repeatable(): boolean {
    return this.#kept !== undefined;
  }

  /** Begins to read, and keeps what fits, while it is not known yet where the body goes. */
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
    this.#forgetTooMuch();
    if (this.complete) return upstream.finish();
    this.read();
    if (!this.complete) this.#keepPace();
  }

  /** Sends it to this one too, at whatever pace the first takes it. All of it must still be there. */
  copyTo(copy: BodySink): void {
    for (const bytes of this.#kept ?? []) copy.write(bytes);
    if (this.complete) copy.finish();
    else this.#copies.push(copy);
  }

  /** Nothing more will come: copies that are not complete are given up. */
  end(): void {
    if (!this.complete) for (const copy of this.#copies) copy.abort();
  }

  /** Keeps what arrives from now on until `sendTo` names the next request. */
  detach(): void {
    this.#to = undefined;
  }

  /** The request takes bytes again. */
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
    this.#become("complete");
  }

  #send(bytes: Buffer): void {
    this.#keptBytes += bytes.length;
    this.#kept?.push(bytes);
    this.#to?.write(bytes);
    for (const copy of this.#copies) copy.write(bytes);
    this.#forgetTooMuch();
  }

  /** What nobody has got yet is never forgotten, however long: reading pauses instead. */
  #forgetTooMuch(): void {
    if (this.#to !== undefined && this.#keptBytes > MAX_REPLAY_BYTES) this.#kept = undefined;
  }

  #keepPace(): void {
    const mustWait = this.#to === undefined ? this.#keptBytes > MAX_REPLAY_BYTES : this.#to.congested;
    if (mustWait) this.#exchange.pauseBody();
    else this.#exchange.resumeBody();
    this.#become(mustWait ? "waiting" : "flowing");
  }

  #become(state: BodyState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onState(state);
  }
}
