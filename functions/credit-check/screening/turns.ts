const LONGEST_MS = 4;

/** Divides a long computation into turns, between which the requests of others are answered. */
export class Turns {
  #startedAt = performance.now();

  /** Resolves at once while the turn is short, else after what waited for it. */
  async take(): Promise<void> {
    if (performance.now() - this.#startedAt < LONGEST_MS) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    await promise;
    this.#startedAt = performance.now();
  }
}
