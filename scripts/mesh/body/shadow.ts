import type { BodySink } from "./request-body.ts";
import type { HttpClient, UpstreamRequest } from "../http/client.ts";
import type { Place, Seat } from "../revisions/seat.ts";

// What waits for a mirror that does not take it; beyond that the copy is given up, for nobody must wait for a mirror.
const MAX_WAITING_BYTES = 1024 * 1024;

/** A copy of a request on its way to a mirror. Nobody waits for it, hears of it, or is told of it. */
export class Shadow implements BodySink {
  readonly #method: string;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isComplete = false;
  #place: Place | undefined;
  #upstream: UpstreamRequest | undefined;
  #late: Timer | undefined;
  #over = false;

  /** @param timeoutMs how long the mirror may take, which is no longer than a revision may */
  constructor(place: Place, method: string, head: Buffer, timeoutMs: number) {
    this.#method = method;
    this.#place = place;
    // A timer cannot wait for longer than some 24 days.
    if (timeoutMs < 2 ** 31) this.#late = setTimeout(() => this.abort(), timeoutMs);
    if (place.client !== undefined) this.#send(place.client, head);
    else {
      place.seat.then(
        (seat) => this.#sit(seat, head),
        () => this.#finish(),
      );
    }
  }

  write(bytes: Buffer): void {
    if (this.#over) return;
    if (this.#upstream === undefined || this.#upstream.congested) {
      this.#waitingBytes += bytes.length;
      if (this.#waitingBytes > MAX_WAITING_BYTES) return this.abort();
      this.#waiting.push(bytes);
    } else this.#upstream.write(bytes);
  }

  finish(): void {
    this.#isComplete = true;
    if (this.#waiting.length === 0) this.#upstream?.finish();
  }

  /** Gives the copy up, as when the request's own client is gone before all of the body came. */
  abort(): void {
    this.#upstream?.abort();
    this.#finish();
  }

  #sit(seat: Seat, head: Buffer): void {
    if (this.#over) return seat.leave();
    this.#place = seat;
    this.#send(seat.client, head);
  }

  #send(client: HttpClient, head: Buffer): void {
    this.#upstream = client.send(
      this.#method,
      head,
      {
        onHead() {},
        onData() {},
        onFlush() {},
        onEnd: () => this.#finish(),
        onFailure: () => this.#finish(),
        onDrained: () => this.#flush(),
      },
      false,
    );
    this.#flush();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const bytes of waiting) this.#upstream?.write(bytes);
    if (this.#isComplete) this.#upstream?.finish();
  }

  #finish(): void {
    this.#over = true;
    this.#waiting = [];
    clearTimeout(this.#late);
    this.#place?.leave();
    this.#place = undefined;
  }
}
