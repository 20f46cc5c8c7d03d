import type { Contestant, Outcome } from "../contestant.ts";

/** The part of an analysis that a Canary declares, with an interval of one minute; shares are percents. */
export interface FlaggerOptions {
  threshold: number;
  stepWeight: number;
  maxWeight: number;
  minSuccess: number;
  /** Milliseconds at p99 over 30 s, or undefined for no such metric. */
  maxDuration: number | undefined;
}

/** Flagger's tutorial for Istio, which most people begin with. */
export const TUTORIAL: FlaggerOptions = {
  threshold: 5,
  stepWeight: 10,
  maxWeight: 50,
  minSuccess: 99,
  maxDuration: 500,
};

const INTERVAL = 60;
/** The windows of the metrics in seconds: the success rate since the last tick, the duration half of it. */
const DURATION_WINDOW = 30;

/**
 * Flagger's judge (pkg/controller/scheduler.go of 1.44): each tick compares only the candidate with constants. A check
 * without a value fails too. Failed checks are counted over the whole rollout; after `threshold` of them, the next tick
 * rolls back. A passed check adds `stepWeight`, or promotes at `maxWeight`.
 */
export class Flagger implements Contestant {
  share: number;
  outcome: Outcome | undefined;
  healthyAt: number | undefined;
  readonly #options: FlaggerOptions;
  #weight: number;
  #failedChecks = 0;
  #total = 0;
  #ok = 0;
  #durations = 0;
  #slow = 0;

  constructor(options: FlaggerOptions = TUTORIAL) {
    this.#options = options;
    // The first tick only sets the first weight, without a check.
    this.#weight = options.stepWeight;
    this.share = options.stepWeight / 100;
  }

  tick(t: number): void {
    const { threshold, stepWeight, maxWeight } = this.#options;
    const since = t % INTERVAL;
    if (since === INTERVAL - DURATION_WINDOW) {
      this.#durations = 0;
      this.#slow = 0;
    }
    if (t === 0 || since !== 0) return;
    if (this.#failedChecks >= threshold) return this.#end(t, "rolled back");
    if (!this.#passes()) this.#failedChecks++;
    else if (this.#weight >= maxWeight) return this.#end(t, "promoted");
    else this.#weight = Math.min(maxWeight, this.#weight + stepWeight);
    this.share = this.#weight / 100;
    this.#total = 0;
    this.#ok = 0;
  }

  request(_t: number, candidate: boolean, ok: boolean, ms: number): void {
    if (!candidate) return;
    this.#total++;
    if (ok) this.#ok++;
    this.#durations++;
    if (ms > (this.#options.maxDuration ?? 0)) this.#slow++;
  }

  #passes(): boolean {
    const { minSuccess, maxDuration } = this.#options;
    if (this.#total === 0 || (100 * this.#ok) / this.#total < minSuccess) return false;
    if (maxDuration === undefined) return true;
    // histogram_quantile(0.99) lies above a bound of the histogram when more than one in a hundred does.
    return this.#durations > 0 && this.#slow <= 0.01 * this.#durations;
  }

  #end(t: number, kind: Outcome["kind"]): void {
    this.outcome = { t, kind };
    if (kind === "promoted") this.healthyAt = t;
  }
}

/** Flagger's ramp, which all but Argo Rollouts use here: a tenth more each minute, up to a half. */
export function rampShare(t: number): number {
  return Math.min(0.5, 0.1 * (1 + Math.floor(t / 60)));
}
