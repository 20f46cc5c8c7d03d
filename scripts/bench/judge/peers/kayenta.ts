import type { Contestant, Outcome } from "../contestant.ts";
import { rampShare } from "./flagger.ts";
import { mannWhitney } from "./mann-whitney.ts";

export type Classification = "pass" | "high" | "low" | "no data";

/** A metric's values of both sides, a value a minute. */
interface Metric {
  control: number[];
  experiment: number[];
}

const TOLERANCE = 0.25;
const CONFIDENCE = 0.98;
/** The seconds between two runs, their number, and the usual thresholds of a score. */
const RUN = 3600;
const RUNS = 2;
const MARGINAL = 75;
const PASS = 95;

/**
 * The classification of one metric by Kayenta's default judge (NetflixACAJudge-v1.0, MannWhitneyClassifier.scala): high if
 * the interval of the shift is above a quarter of its own estimate, and the mean has risen.
 */
export function classify(control: readonly number[], experiment: readonly number[]): Classification {
  if (control.length === 0 || experiment.length === 0) return "no data";
  const distinct = new Set([...control, ...experiment]);
  if (distinct.size === 1 || sameValues(control, experiment)) return "pass";
  const [first, second] = bothConstant(control, experiment)
    ? [jitter(control), jitter(experiment)]
    : [control, experiment];
  const { low, high, estimate } = mannWhitney(second, first, CONFIDENCE);
  const bound = TOLERANCE * Math.abs(estimate);
  const ratio = mean(experiment) / mean(control);
  const risen = mean(control) === 0 || mean(experiment) === 0 || ratio >= 1;
  const fallen = mean(control) === 0 || mean(experiment) === 0 || ratio <= 1;
  if (low > bound && risen) return "high";
  return high < -bound && fallen ? "low" : "pass";
}

/**
 * Kayenta as its documentation advises: a run each hour over all minutes so far, two runs; a score below 75 fails
 * immediately, and 95 passes at the end. Error rate, mean latency and p99 are groups of their own with direction increase:
 * a decrease is not a failure, which is more lenient than the default.
 */
export class Kayenta implements Contestant {
  share = rampShare(0);
  outcome: Outcome | undefined;
  healthyAt: number | undefined;
  readonly #errors: Metric = { control: [], experiment: [] };
  readonly #latency: Metric = { control: [], experiment: [] };
  readonly #p99: Metric = { control: [], experiment: [] };
  readonly #minute = { control: new Minute(), experiment: new Minute() };

  tick(t: number): void {
    this.share = rampShare(t);
    if (t === 0 || t % 60 !== 0) return;
    for (const side of ["control", "experiment"] as const) {
      const minute = this.#minute[side];
      if (minute.total > 0) this.#errors[side].push((100 * minute.failed) / minute.total);
      if (minute.ms.length > 0) {
        this.#latency[side].push(mean(minute.ms));
        this.#p99[side].push(quantile(minute.ms, 0.99));
      }
      minute.clear();
    }
    if (t % RUN === 0) this.#judge(t);
  }

  request(_t: number, candidate: boolean, ok: boolean, ms: number): void {
    this.#minute[candidate ? "experiment" : "control"].add(ok, ms);
  }

  #judge(t: number): void {
    const classes = [this.#errors, this.#latency, this.#p99].map(({ control, experiment }) =>
      classify(control, experiment),
    );
    const value = score(classes);
    const last = t >= RUN * RUNS;
    if (value < MARGINAL || (last && value < PASS)) this.outcome = { t, kind: "rolled back" };
    else if (last) {
      this.outcome = { t, kind: "promoted" };
      this.healthyAt = t;
    }
  }
}

/** The score, 0 to 100, of metrics, each in a group of equal weight; if half of them have no data, it is 0. */
export function score(classes: readonly Classification[]): number {
  if (classes.filter((name) => name === "no data").length * 2 >= classes.length) return 0;
  const each = 100 / classes.length;
  // An empty group counts in full; a decrease of an error rate or a latency is not a failure.
  return classes.reduce((sum, name) => sum + (name === "high" ? 0 : each), 0);
}

/** The measurements of one side in a minute. */
class Minute {
  total = 0;
  failed = 0;
  readonly ms: number[] = [];

  add(ok: boolean, ms: number): void {
    this.total++;
    if (ok) this.ms.push(ms);
    else this.failed++;
  }

  clear(): void {
    this.total = 0;
    this.failed = 0;
    this.ms.length = 0;
  }
}

function sameValues(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  const sorted = [...b].sort((x, y) => x - y);
  return [...a].sort((x, y) => x - y).every((value, i) => value === sorted[i]);
}

function bothConstant(a: readonly number[], b: readonly number[]): boolean {
  return new Set(a).size === 1 && new Set(b).size === 1;
}

/** Kayenta adds noise of a hundred-thousandth of the value, so that ranks exist; this noise is as uniform, and deterministic. */
function jitter(values: readonly number[]): number[] {
  return values.map((value, i) => value * (1 + 1e-5 * Math.sin(12.9898 * (i + 1))));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function quantile(values: readonly number[], p: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}
