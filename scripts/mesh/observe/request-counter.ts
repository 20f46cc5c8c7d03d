/** How long what is counted is kept. */
export const WINDOW_SECONDS = 300;
/** The width of one point of a chart. */
export const STEP_SECONDS = 5;
/** The rate is that of the last seconds, the current one not counted: it is not over. */
const RATE_SECONDS = 10;

export interface Counts {
  requests: number;
  /** Those that the mesh or a revision failed: an answer of 500 and above, or one broken off. */
  errors: number;
}

/** Counts requests of the last five minutes, second by second, in memory that does not grow. */
export class Counter {
  readonly #seconds = new Int32Array(WINDOW_SECONDS).fill(-1);
  readonly #requests = new Uint32Array(WINDOW_SECONDS);
  readonly #errors = new Uint32Array(WINDOW_SECONDS);

  /** @param second a whole number of seconds since any fixed moment, the same one in each call */
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

  /** The counts of the whole window, and requests a second over the last ten. */
  total(now: number): Counts & { rate: number } {
    const second = Math.floor(now);
    const end = (Math.floor(now / STEP_SECONDS) + 1) * STEP_SECONDS;
    const { requests } = this.between(second - RATE_SECONDS, second);
    return { ...this.between(end - WINDOW_SECONDS, end), rate: requests / RATE_SECONDS };
  }
}
