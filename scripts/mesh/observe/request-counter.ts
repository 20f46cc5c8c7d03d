/** How long counts are kept, in seconds. */
export const WINDOW_SECONDS = 300;
/** The width of one point of a chart over more than ten seconds. */
export const STEP_SECONDS = 5;
/** The rate is that of the last complete seconds. */
export const RATE_SECONDS = 10;

/** A time range of figures. */
export interface Range {
  /** The covered time. */
  seconds: number;
  /** The width of one point of a chart, in seconds. */
  step: number;
}

/** The whole recorded time. */
export const WHOLE: Range = { seconds: WINDOW_SECONDS, step: STEP_SECONDS };
/** The time ranges of figures that can be requested. */
export const RANGES: readonly Range[] = [
  { seconds: RATE_SECONDS, step: 1 },
  { seconds: 60, step: STEP_SECONDS },
  WHOLE,
];

/**
 * Returns the seconds that a range covers at a moment: from the first to before the second. The last ten seconds are
 * complete ones, as for the rate; longer ranges end with the current step.
 */
export function secondsOf({ seconds, step }: Range, now: number): [from: number, to: number] {
  const to = step === 1 ? Math.floor(now) : (Math.floor(now / step) + 1) * step;
  return [to - seconds, to];
}

export interface Counts {
  requests: number;
  /** Requests that the mesh or a revision failed: an answer of 500 and above, or an aborted one. */
  errors: number;
}

/** Counts requests of the last five minutes, second by second, in constant memory. */
export class Counter {
  readonly #seconds = new Int32Array(WINDOW_SECONDS).fill(-1);
  readonly #requests = new Uint32Array(WINDOW_SECONDS);
  readonly #errors = new Uint32Array(WINDOW_SECONDS);

  /** @param second an integer number of seconds since any fixed moment, the same one in each call */
  count(second: number, failed: boolean): void {
    const at = second % WINDOW_SECONDS;
    if (this.#seconds[at] !== second) {
      this.#seconds[at] = second;
      this.#requests[at] = 0;
      this.#errors[at] = 0;
    }
    this.#requests[at] = (this.#requests[at] ?? 0) + 1;
    if (failed) this.#errors[at] = (this.#errors[at] ?? 0) + 1;
  }

  /** The counts of the seconds from one to before another. */
  between(from: number, to: number): Counts {
    const counts = { requests: 0, errors: 0 };
    for (let second = Math.max(0, from); second < to; second++) {
      const at = second % WINDOW_SECONDS;
      if (this.#seconds[at] !== second) continue;
      counts.requests += this.#requests[at] ?? 0;
      counts.errors += this.#errors[at] ?? 0;
    }
    return counts;
  }

  /** The counts of a range. */
  within(range: Range, now: number): Counts {
    return this.between(...secondsOf(range, now));
  }

  /** Returns the counts of a range, and requests per second over the last ten. */
  total(now: number, range: Range = WHOLE): Counts & { rate: number } {
    return { ...this.within(range, now), rate: this.recent(now).requests / RATE_SECONDS };
  }

  /** The counts of the last ten complete seconds. */
  recent(now: number): Counts {
    const second = Math.floor(now);
    return this.between(second - RATE_SECONDS, second);
  }
}
