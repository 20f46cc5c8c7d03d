import { type Hop, type Mirrored, resolve } from "../../traffic/resolve.ts";
import type { HttpClient, UpstreamRequest } from "../http/client.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Reservation, Slot } from "../revisions/request-queue.ts";
import type { Generation } from "./relay-options.ts";
import type { BodySink, RequestBody } from "./request-body.ts";
import { isUpgrade } from "./upgrade.ts";
import { frameForRevision, headOf } from "./upstream-request.ts";

/** Sends the mirrored requests of the rules of these hops, each with a copy of the body as it arrives. */
export function sendMirrored(
  hops: readonly Hop[],
  exchange: Exchange,
  body: RequestBody,
  generation: Generation,
  random: () => number,
): void {
  for (const { mirrored } of hops) {
    for (const copy of mirrored) {
      const request = startMirrored(copy, exchange, generation, random);
      if (request !== undefined) body.copyTo(request);
    }
  }
}

/** Starts one mirrored request; undefined if the routes lead it to no revision. */
function startMirrored(
  { mirror: { backend }, request }: Mirrored,
  exchange: Exchange,
  generation: Generation,
  random: () => number,
): MirroredRequest | undefined {
  // A tunnel cannot be mirrored.
  if (isUpgrade(exchange)) return undefined;
  const end =
    backend.kind === "revision"
      ? { ...backend, request }
      : resolve(generation.table, backend.listener, request, random);
  if (end.kind !== "revision") return undefined;
  frameForRevision(end.request, exchange);
  const timeoutMs = generation.revisionTimeoutMs(end.revision);
  return new MirroredRequest(
    generation.reserve(end.revision),
    request.method,
    headOf(end.request),
    timeoutMs,
  );
}

// The most bytes that wait for a slow mirror. Beyond them the copy is abandoned, so that the client never waits for
// a mirror.
const MAX_WAITING_BYTES = 1024 * 1024;

/** A copy of a request on its way to a mirror. Its response is discarded and its failure is not reported. */
class MirroredRequest implements BodySink {
  readonly #method: string;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isComplete = false;
  #reservation: Reservation | undefined;
  #upstream: UpstreamRequest | undefined;
  #timeout: Timer | undefined;
  #over = false;

  /** @param timeoutMs the time limit of any request to that revision */
  constructor(reservation: Reservation, method: string, head: Buffer, timeoutMs: number) {
    this.#method = method;
    this.#reservation = reservation;
    // The longest delay of a timer is about 24 days.
    if (timeoutMs < 2 ** 31) this.#timeout = setTimeout(() => this.abort(), timeoutMs);
    if (reservation.client !== undefined) this.#send(reservation.client, head);
    else {
      reservation.slot.then(
        (slot) => this.#take(slot, head),
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

  /** Abandons the copy, as when the client closes the connection before its body is complete. */
  abort(): void {
    this.#upstream?.abort();
    this.#finish();
  }

  #take(slot: Slot, head: Buffer): void {
    if (this.#over) return slot.release();
    this.#reservation = slot;
    this.#send(slot.client, head);
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
    clearTimeout(this.#timeout);
    this.#reservation?.release();
    this.#reservation = undefined;
  }
}
