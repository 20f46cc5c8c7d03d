import type { Clock } from "../clock.ts";

/**
 * A clock whose time passes only while all other work waits for it: hours take no time, and runs are repeatable. Code
 * that waits for anything but this clock and promises must not use it.
 */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #due: { at: number; order: number; wake: () => void }[] = [];
  #driving = false;

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = (): void => {
      this.#due = this.#due.filter((each) => each !== entry);
      resolve();
    };
    const wake = (): void => {
      signal?.removeEventListener("abort", callOff);
      resolve();
    };
    const entry = { at: this.#now + ms, order: this.#order++, wake };
    this.#due.push(entry);
    signal?.addEventListener("abort", callOff);
    this.#drive();
    return promise;
  }

  /** Wakes the earliest sleeper whenever all other work has settled. */
  #drive(): void {
    if (this.#driving) return;
    this.#driving = true;
    setImmediate(() => {
      this.#driving = false;
      const [next] = this.#due.sort((a, b) => a.at - b.at || a.order - b.order);
      if (next === undefined) return;
      this.#due.shift();
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      if (this.#due.length > 0) this.#drive();
    });
  }
}
