const LONGEST_MS = 4;

/** Divides a long computation into slices, between which the process answers requests. */
export class Turns {
  #startedAt = performance.now();

  /** Resolves at once while the slice is short, else after the waiting tasks have run. */
  async take(): Promise<void> {
    if (performance.now() - this.#startedAt < LONGEST_MS) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    await promise;
    this.#startedAt = performance.now();
  }
}
