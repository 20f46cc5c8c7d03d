import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** How long what is measured is kept. */
export const WINDOW_SECONDS = 300;
/** The width of one point of a chart. */
export const STEP_SECONDS = 5;
/** The rate is that of the last seconds, the current one not counted: it is not over. */
const RATE_SECONDS = 10;

const STEPS = WINDOW_SECONDS / STEP_SECONDS;
const MICROSECONDS = 1000;
// A minute and more is a minute: who waits longer has gone.
const HISTOGRAM = { lowest: 1, highest: 60_000 * MICROSECONDS, figures: 2 } as const;

/** Sums of some requests. Milliseconds are undefined where there was no request to measure. */
export interface Sums {
  requests: number;
  /** Those that the mesh or a revision failed: an answer of 500 and above, or one broken off. */
  errors: number;
  p50Ms: number | undefined;
  p90Ms: number | undefined;
  p99Ms: number | undefined;
}

/** What a meter has seen in its window. */
export interface Measured extends Sums {
  /** Requests a second, over the last ten. */
  rate: number;
  /** A point each five seconds, the oldest first; the last one is not over. */
  series: Sums[];
}

/**
 * Counts requests and their durations over the last five minutes, in memory that does not grow: a ring of seconds for
 * the counts, and a ring of HDR histograms, one for five seconds, within one percent of each duration.
 */
export class Meter {
  readonly #seconds = new Int32Array(WINDOW_SECONDS).fill(-1);
  readonly #requests = new Uint32Array(WINDOW_SECONDS);
  readonly #errors = new Uint32Array(WINDOW_SECONDS);
  readonly #steps = new Int32Array(STEPS).fill(-1);
  readonly #histograms: (RecordableHistogram | undefined)[] = new Array(STEPS).fill(undefined);

  /**
   * @param now seconds since any fixed moment, the same one in each call
   * @param ms how long the request took; undefined where that says nothing about who served it
   */
  record(now: number, ms: number | undefined, failed: boolean): void {
    const second = Math.floor(now);
    const at = second % WINDOW_SECONDS;
    if (this.#seconds[at] !== second) {
      this.#seconds[at] = second;
      this.#requests[at] = 0;
      this.#errors[at] = 0;
    }
    this.#requests[at] = (this.#requests[at] ?? 0) + 1;
    if (failed) this.#errors[at] = (this.#errors[at] ?? 0) + 1;
    if (ms === undefined) return;
    this.#histogram(Math.floor(second / STEP_SECONDS)).record(inRange(ms * MICROSECONDS));
  }

  measured(now: number): Measured {
    const current = Math.floor(now / STEP_SECONDS);
    const series: Sums[] = [];
    const whole = createHistogram(HISTOGRAM);
    const total = { requests: 0, errors: 0 };
    for (let step = current - STEPS + 1; step <= current; step++) {
      const counts = this.#counts(step * STEP_SECONDS, (step + 1) * STEP_SECONDS);
      const histogram =
        this.#steps[mod(step, STEPS)] === step ? this.#histograms[mod(step, STEPS)] : undefined;
      if (histogram !== undefined) whole.add(histogram);
      total.requests += counts.requests;
      total.errors += counts.errors;
      series.push({ ...counts, ...quantiles(histogram) });
    }
    const second = Math.floor(now);
    const { requests } = this.#counts(second - RATE_SECONDS, second);
    return { ...total, ...quantiles(whole), rate: requests / RATE_SECONDS, series };
  }

  /** The counts of the seconds from one to before another. */
  #counts(from: number, to: number): { requests: number; errors: number } {
    let [requests, errors] = [0, 0];
    for (let second = Math.max(0, from); second < to; second++) {
      const at = second % WINDOW_SECONDS;
      if (this.#seconds[at] !== second) continue;
      requests += this.#requests[at] ?? 0;
      errors += this.#errors[at] ?? 0;
    }
    return { requests, errors };
  }

  #histogram(step: number): RecordableHistogram {
    const at = step % STEPS;
    const histogram = (this.#histograms[at] ??= createHistogram(HISTOGRAM));
    if (this.#steps[at] !== step) {
      this.#steps[at] = step;
      histogram.reset();
    }
    return histogram;
  }
}

function quantiles(histogram: RecordableHistogram | undefined): Pick<Sums, "p50Ms" | "p90Ms" | "p99Ms"> {
  const quantile = (percent: number): number | undefined =>
    histogram === undefined || histogram.count === 0
      ? undefined
      : histogram.percentile(percent) / MICROSECONDS;
  return { p50Ms: quantile(50), p90Ms: quantile(90), p99Ms: quantile(99) };
}

function inRange(microseconds: number): number {
  return Math.min(Math.max(Math.round(microseconds), HISTOGRAM.lowest), HISTOGRAM.highest);
}

function mod(a: number, b: number): number {
  return ((a % b) + b) % b;
}
