import type { Hop } from "../../traffic/resolve.ts";
import type { ForwardAction, Rule } from "../../traffic/table.ts";
import type { Generation, StartTimer } from "./relay-options.ts";

// The longest delay of a timer, about 24 days; a longer one would fire at once.
const MAX_TIMER_MS = 2 ** 31 - 1;

const startRuntimeTimer: StartTimer = (ms, then) => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

/** A timer that is started at most once until it is cleared. */
export class Deadline {
  readonly #startTimer: StartTimer;
  #stop: (() => void) | undefined;

  constructor(startTimer = startRuntimeTimer) {
    this.#startTimer = startTimer;
  }

  /**
   * Starts the timer unless it runs already. A delay beyond the longest of a timer, such as infinity, never fires.
   */
  start(ms: number, onLate: () => void): void {
    if (this.#stop !== undefined || ms > MAX_TIMER_MS) return;
    this.#stop = this.#startTimer(ms, onLate);
  }

  clear(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}

/**
 * The time limits of one request: the routes limit the whole response, the revision limits the time to its
 * beginning.
 */
export class TimeLimits {
  readonly #onLate: (message: string) => void;
  readonly #onTryLate: (message: string) => void;
  readonly #whole = new Deadline();
  readonly #beginning = new Deadline();
  readonly #try = new Deadline();
  readonly #held: Deadline;
  #ms: { whole: number; beginning: number } | undefined;

  /**
   * @param onLate called with a message when the response is late
   * @param onTryLate the same when the response to one try is late
   * @param startTimer times injected delays and waits before retries
   */
  constructor(
    onLate: (message: string) => void,
    onTryLate: (message: string) => void,
    startTimer?: StartTimer,
  ) {
    this.#onLate = onLate;
    this.#onTryLate = onTryLate;
    this.#held = new Deadline(startTimer);
  }

  /** Sets the limits unless they are set. They cover all tries together, so the first route's limits apply. */
  set(hops: readonly Hop[], revision: string | undefined, generation: Generation): void {
    const own = revision === undefined ? Number.POSITIVE_INFINITY : generation.revisionTimeoutMs(revision);
    this.#ms ??= { whole: timeoutOf(hops, Number.POSITIVE_INFINITY), beginning: timeoutOf(hops, own) };
  }

  /** Delays the request, for an injected delay or before a retry. */
  hold(ms: number, then: () => void): void {
    this.#held.clear();
    this.#held.start(ms, then);
  }

  /** Starts the limits unless they run already. */
  start(): void {
    const { whole, beginning } = this.#ms ?? NONE;
    this.#whole.start(whole, () => this.#late(whole));
    // Knative does not limit a response after its beginning. (serving, pkg/http/handler/timeout.go)
    if (beginning < whole) this.#beginning.start(beginning, () => this.#late(beginning));
  }

  startTry(hops: readonly Hop[]): void {
    const late = (): void => this.#onTryLate("the revision did not answer within perTryTimeout");
    this.#try.start(perTryTimeoutOf(hops), late);
  }

  endTry(): void {
    this.#try.clear();
  }

  /** Called when the response has begun. */
  answered(): void {
    this.#beginning.clear();
  }

  /** Stops the limits while the request's body is still arriving. */
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

/**
 * Returns the time limit of a response: the minimum of the routes' limits and the revision's. An injected delay
 * counts against the limits of outer hops only: a hop's own limit starts after its own delay.
 */
export function timeoutOf(hops: readonly Hop[], revisionMs: number): number {
  let least = Number.POSITIVE_INFINITY;
  let held = 0;
  for (const { rule, delayMs } of hops) {
    held += delayMs;
    least = Math.min(least, held + (forwarding(rule)?.timeoutMs ?? Number.POSITIVE_INFINITY));
  }
  return Math.min(least, held + revisionMs);
}

/** Returns the time limit of one try; infinity if there is none. */
export function perTryTimeoutOf(hops: readonly Hop[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { rule } of hops) least = Math.min(least, forwarding(rule)?.retry.perTryTimeoutMs ?? least);
  return least;
}

function forwarding({ action }: Rule): ForwardAction | undefined {
  return action.kind === "forward" ? action : undefined;
}
