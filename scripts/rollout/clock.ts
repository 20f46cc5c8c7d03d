/** The clock of a rollout, which tests inject. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds, or when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * How many milliseconds the machine's clock is ahead of this one, for example after it was set. Sources report
   * times of the machine's clock.
   * @default 0
   */
  aheadMs?(): number;
}

/** The machine's clock, made monotonic: it does not follow a clock that is set back. */
export const realClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  aheadMs: () => Date.now() - performance.timeOrigin - performance.now(),
  async sleep(ms, signal) {
    if (signal?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const wake = (): void => resolve();
    signal?.addEventListener("abort", wake);
    await promise;
    clearTimeout(timer);
    signal?.removeEventListener("abort", wake);
  },
};
