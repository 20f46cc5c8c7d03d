import type { Scaling } from "./scaling.ts";

// At most half of the processes go at a time (max-scale-down-rate of Knative's config-autoscaler).
const MAX_SCALE_DOWN_RATE = 2;

/**
 * Decides how many processes a revision needs, as Knative's own autoscaler does: by the mean of the requests under way
 * over a stable window, and in a burst by that over a shorter one, after which nothing is taken away for a window.
 * (serving, pkg/autoscaler/scaling/autoscaler.go)
 */
export class Autoscaler {
  readonly #scaling: Scaling;
  /** The mean of each second, the newest last; no more than the window has. */
  #seconds: number[] = [];
  #idleSeconds = 0;
  /** Seconds since the last burst while one is remembered, and the most processes that it needed. */
  #sinceBurst: number | undefined;
  #mostInBurst = 0;

  constructor(scaling: Scaling) {
    this.#scaling = scaling;
  }

  /** Forgets what was before: the revision had no process, and gets one. */
  restart(): void {
    this.#seconds = [];
    this.#idleSeconds = 0;
    this.#sinceBurst = undefined;
    this.#mostInBurst = 0;
  }

  /**
   * Takes in one more second.
   * @param underWay the mean number of requests in it, held ones too
   * @param ready how many processes take requests
   * @returns how many there should be
   */
  next(underWay: number, ready: number): number {
    const { target, windowSeconds, panicSeconds, panicThreshold } = this.#scaling;
    this.#seconds.push(underWay);
    if (this.#seconds.length > windowSeconds) this.#seconds.shift();
    this.#idleSeconds = underWay === 0 ? this.#idleSeconds + 1 : 0;
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
