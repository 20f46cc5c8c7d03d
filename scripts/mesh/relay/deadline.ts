import type { Hop } from "../../traffic/resolve.ts";
import type { ForwardAction, Rule } from "../../traffic/table.ts";

// What a timer can wait for, some 24 days. A longer one would go off at once.
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls back after so many milliseconds, unless what it gives is called before. */
export type Later = (ms: number, then: () => void) => () => void;

const byTimer: Later = (ms, then) => {
  const timer = setTimeout(then, ms);
  return () => clearTimeout(timer);
};

/** A time limit that counts from the moment when it is started. */
export class Deadline {
  readonly #later: Later;
  #stop: (() => void) | undefined;

  constructor(later = byTimer) {
    this.#later = later;
  }

  /** Starts it, unless it runs already. A limit beyond any timer, as infinity is, is none. */
  start(ms: number, onLate: () => void): void {
    if (this.#stop !== undefined || ms > MAX_TIMER_MS) return;
    this.#stop = this.#later(ms, onLate);
  }

  clear(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}

/**
 * How long an answer may take: the shortest limit of the routes on the way, and of the revision. What a fault holds a
 * request for is counted by those before it only: a hop's own limit begins behind its own delay.
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

/** How long one try may take; infinity without a limit. */
export function perTryTimeoutOf(hops: readonly Hop[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { rule } of hops) least = Math.min(least, forwarding(rule)?.retry.perTryTimeoutMs ?? least);
  return least;
}

function forwarding({ action }: Rule): ForwardAction | undefined {
  return action.kind === "forward" ? action : undefined;
}
