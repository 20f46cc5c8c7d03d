import type { Hop } from "../../traffic/resolve.ts";
import type { Generation } from "../served.ts";
import { Deadline, type Later, perTryTimeoutOf, timeoutOf } from "./deadline.ts";

/** How long a request may take: by the routes until its answer is complete, by the revision until it begins. */
export class Limits {
  readonly #onLate: (sentence: string) => void;
  readonly #onTryLate: (sentence: string) => void;
  readonly #whole = new Deadline();
  readonly #beginning = new Deadline();
  readonly #try = new Deadline();
  readonly #held: Deadline;
  #ms: { whole: number; beginning: number } | undefined;

  /**
   * @param onLate called with a sentence when the answer is late
   * @param onTryLate the same when the answer to one try is late
   * @param later how what is held is waited for
   */
  constructor(onLate: (sentence: string) => void, onTryLate: (sentence: string) => void, later?: Later) {
    this.#onLate = onLate;
    this.#onTryLate = onTryLate;
    this.#held = new Deadline(later);
  }

  /** Sets the limits, unless they are set: they count for all tries together, so those of the first route hold. */
  set(hops: readonly Hop[], revision: string | undefined, generation: Generation): void {
    const own = revision === undefined ? Number.POSITIVE_INFINITY : generation.revisionTimeoutMs(revision);
    this.#ms ??= { whole: timeoutOf(hops, Number.POSITIVE_INFINITY), beginning: timeoutOf(hops, own) };
  }

  /** Holds the request for so long, as a fault wants it, or a retry. */
  hold(ms: number, then: () => void): void {
    this.#held.clear();
    this.#held.start(ms, then);
  }

  /** Begins to count, unless it does already. */
  start(): void {
    const { whole, beginning } = this.#ms ?? NONE;
    this.#whole.start(whole, () => this.#late(whole));
    // Knative lets an answer that has begun take its time. (serving, pkg/http/handler/timeout.go)
    if (beginning < whole) this.#beginning.start(beginning, () => this.#late(beginning));
  }

  startTry(hops: readonly Hop[]): void {
    const late = (): void => this.#onTryLate("the revision did not answer within perTryTimeout");
    this.#try.start(perTryTimeoutOf(hops), late);
  }

  endTry(): void {
    this.#try.clear();
  }

  /** The answer has begun. */
  answered(): void {
    this.#beginning.clear();
  }

  /** Counts no longer, as while the request itself still comes. */
  stop(): void {
    this.#whole.clear();
    this.#beginning.clear();
  }

  clear(): void {
    this.stop();
    this.#try.clear();
    this.#held.clear();
  }

  #late(ms: number): void {
    this.#onLate(`the revision did not answer within ${ms} ms`);
  }
}

const NONE = { whole: Number.POSITIVE_INFINITY, beginning: Number.POSITIVE_INFINITY };
