import { chunkHead, LAST_CHUNK } from "./http/body.ts";
import type { UpstreamRequest } from "./http/client.ts";
import { type Exchange, latin1 } from "./http/server.ts";

// Up to this size a request's body is kept, so that the request can be sent again.
const MAX_REPLAY_BYTES = 64 * 1024;

/** The body of a request on its way to a revision, and to another one when the request is sent again. */
export class RequestBody {
  readonly #exchange: Exchange;
  readonly #onEnd: () => void;
  readonly #chunked: boolean;
  #to: UpstreamRequest | undefined;
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #reading = false;
  #ended = false;

  /** @param onEnd called once, when the client has sent all of it */
  constructor(exchange: Exchange, onEnd: () => void) {
    this.#exchange = exchange;
    this.#onEnd = onEnd;
    this.#chunked = exchange.requestFraming.kind === "chunked";
  }

  /** The header line that says how the body is framed, where the request's own headers do not. */
  get framingField(): string {
    return this.#chunked ? "transfer-encoding: chunked\r\n" : "";
  }

  /** Whether all that was sent so far is still there to be sent again. */
  get repeatable(): boolean {
    return this.#kept !== undefined;
  }

  /** Sends the body to a request, from its beginning. */
  sendTo(upstream: UpstreamRequest): void {
    this.#to = upstream;
    for (const bytes of this.#kept ?? []) upstream.write(bytes);
    if (this.#ended) upstream.finish();
    if (this.#reading) return;
    this.#reading = true;
    this.#exchange.readBody(
      (content) => this.#onData(content),
      () => this.#onBodyEnd(),
    );
  }

  /** Keeps what arrives from now on until `sendTo` names the next request. */
  detach(): void {
    this.#to = undefined;
  }

  #onData(content: Buffer): void {
    this.#send(this.#chunked ? latin1(chunkHead(content), content, "\r\n") : content);
    if (this.#to?.congested !== true) return;
    this.#exchange.pauseBody();
    this.#to.whenDrained(() => this.#exchange.resumeBody());
  }

  #onBodyEnd(): void {
    if (this.#chunked) this.#send(Buffer.from(LAST_CHUNK));
    this.#ended = true;
    this.#to?.finish();
    this.#onEnd();
  }

  #send(bytes: Buffer): void {
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > MAX_REPLAY_BYTES) this.#kept = undefined;
    this.#kept?.push(bytes);
    this.#to?.write(bytes);
  }
}
