import type { Scaling } from "./scaling.ts";

// At most half of the processes stop at a time (max-scale-down-rate of Knative's config-autoscaler).
const MAX_SCALE_DOWN_RATE = 2;

/**
 * Decides how many processes a revision needs, as Knative's autoscaler does: by the mean concurrency over a stable
 * window, and in a burst over a shorter panic window, after which the number does not fall for a stable window.
 * (serving, pkg/autoscaler/scaling/autoscaler.go)
 */
export class Autoscaler {
  readonly #scaling: Scaling;
  /** The mean concurrency of each second of the window, the newest last. */
  #seconds: number[] = [];
  #idleSeconds = 0;
  /** Seconds since the last burst, if it is within a window, and the most processes that it needed. */
  #sinceBurst: number | undefined;
  #mostInBurst = 0;

  constructor(scaling: Scaling) {
    this.#scaling = scaling;
  }

  /** Clears the history, as when a revision scales up from zero. */
  restart(): void {
    this.#seconds = [];
    this.#idleSeconds = 0;
    this.#sinceBurst = undefined;
    this.#mostInBurst = 0;
  }

  /**
   * Adds the load of one more second.
   * @param concurrency the mean number of requests in it, in flight and waiting
   * @param ready the number of processes that accept requests
   * @returns the number of processes that there should be
   */
  next(concurrency: number, ready: number): number {
    const { target, windowSeconds, panicSeconds, panicThreshold } = this.#scaling;
    this.#seconds.push(concurrency);
    if (this.#seconds.length > windowSeconds) this.#seconds.shift();
    this.#idleSeconds = concurrency === 0 ? this.#idleSeconds + 1 : 0;
    const now = Math.max(1, ready);
    const stable = Math.ceil(mean(this.#seconds) / target);
    const burst = Math.ceil(mean(this.#seconds.slice(-panicSeconds)) / target);
    this.#followBurst(burst / now >= panicThreshold);
    let wanted = Math.max(stable, Math.floor(now / MAX_SCALE_DOWN_RATE));
    if (this.#sinceBurst !== undefined) {
      this.#mostInBurst = Math.max(this.#mostInBurst, wanted, burst);
      wanted = this.#mostInBurst;
    }
    return this.#bounded(wanted);
  }

  #followBurst(isBurst: boolean): void {
    if (isBurst) this.#sinceBurst = 0;
    else if (this.#sinceBurst !== undefined && ++this.#sinceBurst > this.#scaling.windowSeconds) {
      this.#sinceBurst = undefined;
      this.#mostInBurst = 0;
    }
  }

  #bounded(wanted: number): number {
    const { min, max, windowSeconds, retentionSeconds } = this.#scaling;
    if (min === 0 && this.#idleSeconds >= windowSeconds + retentionSeconds) return 0;
    return Math.min(max, Math.max(1, min, wanted));
  }
}

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}
