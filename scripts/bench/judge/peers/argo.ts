import type { Contestant, Outcome } from "../contestant.ts";

/** A Rollout with a background analysis; times are seconds, weights percents. */
export interface ArgoOptions {
  weights: readonly number[];
  pause: number;
  /** The first step of the analysis, counted from 0, and the interval of its measurements. */
  from: number;
  interval: number;
  failureLimit: number;
  minSuccess: number;
  /** The samples that `irate` uses: the last two scrapes. */
  window: number;
}

/** The example of Argo Rollouts' documentation: analysis in the background, from the second weight on. */
export const EXAMPLE: ArgoOptions = {
  weights: [20, 40, 60, 80],
  pause: 600,
  from: 600,
  interval: 300,
  failureLimit: 3,
  minSuccess: 0.95,
  window: 15,
};

/**
 * Argo Rollouts' judge (analysis/analysis.go and utils/evaluate/evaluate.go of 1.10): each measurement of only the candidate
 * succeeds or fails by an expression. A rate without requests is 0/0, and NaN >= 0.95 fails. More than `failureLimit`
 * failures in total abort. The last weight lasts for its pause, then the candidate gets all traffic.
 */
export class ArgoRollouts implements Contestant {
  share: number;
  outcome: Outcome | undefined;
  healthyAt: number | undefined;
  readonly #options: ArgoOptions;
  #failures = 0;
  #total = 0;
  #ok = 0;

  constructor(options: ArgoOptions = EXAMPLE) {
    this.#options = options;
    this.share = (options.weights[0] ?? 100) / 100;
  }

  tick(t: number): void {
    const { weights, pause, from, interval, failureLimit, window } = this.#options;
    const weight = weights[Math.floor(t / pause)];
    if (weight === undefined) return this.#end(t, "promoted");
    this.share = weight / 100;
    if (t >= from && (t - from) % interval === 0) {
      if (!this.#succeeds()) this.#failures++;
      if (this.#failures > failureLimit) return this.#end(t, "rolled back");
    }
    if ((t + window - from) % interval === 0) {
      this.#total = 0;
      this.#ok = 0;
    }
  }

  request(_t: number, candidate: boolean, ok: boolean): void {
    if (!candidate) return;
    this.#total++;
    if (ok) this.#ok++;
  }

  #succeeds(): boolean {
    return this.#ok / this.#total >= this.#options.minSuccess;
  }

  #end(t: number, kind: Outcome["kind"]): void {
    this.outcome = { t, kind };
    if (kind === "promoted") this.healthyAt = t;
  }
}
