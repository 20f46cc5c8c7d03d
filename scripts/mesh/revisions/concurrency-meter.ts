/** Measures the mean number of concurrent requests over time. */
export class ConcurrencyMeter {
  readonly #clock: () => number;
  #count = 0;
  /** The integral of the count over time since the last reading, in request-milliseconds. */
  #area = 0;
  #changedAt: number;
  #readAt: number;

  /** @param clock returns milliseconds that do not decrease */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#changedAt = this.#readAt = clock();
  }

  get count(): number {
    return this.#count;
  }

  change(by: number): void {
    this.#settle();
    this.#count += by;
  }

  /** The mean since the last reading. */
  read(): number {
    const now = this.#settle();
    const ms = now - this.#readAt;
    const mean = ms > 0 ? this.#area / ms : this.#count;
    this.#area = 0;
    this.#readAt = now;
    return mean;
  }

  #settle(): number {
    const now = this.#clock();
    this.#area += this.#count * (now - this.#changedAt);
    this.#changedAt = now;
    return now;
  }
}
