import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { type Counts, Counter, STEP_SECONDS, WINDOW_SECONDS } from "./request-counter.ts";

const STEPS = WINDOW_SECONDS / STEP_SECONDS;
const MICROSECONDS = 1000;
// A minute and more is a minute: who waits longer has gone.
const HISTOGRAM = { lowest: 1, highest: 60_000 * MICROSECONDS, figures: 2 } as const;

/** Sums of some requests. Milliseconds are undefined where there was no request to measure. */
export interface Sums extends Counts {
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
 * Counts requests and measures their durations over the last five minutes, in memory that does not grow: beside the
 * counts a ring of HDR histograms, one for five seconds, within one percent of each duration.
 */
export class Meter {
  readonly #counter = new Counter();
  readonly #steps = new Int32Array(STEPS).fill(-1);
  /** Made by the first request: a ring takes 1.2 MB, and most of a thousand revisions may never get a request. */
  #histograms: readonly RecordableHistogram[] = [];

  /**
   * @param now seconds since any fixed moment, the same one in each call
   * @param ms how long the request took; undefined where that says nothing about who served it
   */
  record(now: number, ms: number | undefined, failed: boolean): void {
    const second = Math.floor(now);
    this.#counter.count(second, failed);
    if (ms === undefined) return;
    const step = Math.floor(second / STEP_SECONDS);
    const at = step % STEPS;
    if (this.#histograms.length === 0) this.#histograms = newHistograms();
    const histogram = this.#histograms[at] as RecordableHistogram;
    if (this.#steps[at] !== step) {
      this.#steps[at] = step;
      histogram.reset();
    }
    histogram.record(inRange(ms * MICROSECONDS));
  }

  measured(now: number): Measured {
    const current = Math.floor(now / STEP_SECONDS);
    const series: Sums[] = [];
    const whole = createHistogram(HISTOGRAM);
    for (let step = current - STEPS + 1; step <= current; step++) {
      const counts = this.#counter.between(step * STEP_SECONDS, (step + 1) * STEP_SECONDS);
      const at = ((step % STEPS) + STEPS) % STEPS;
      const histogram = this.#steps[at] === step ? this.#histograms[at] : undefined;
      if (histogram !== undefined) whole.add(histogram);
      series.push({ ...counts, ...quantiles(histogram) });
    }
    return { ...this.#counter.total(now), ...quantiles(whole), series };
  }
}

/** All at once, and each page of theirs touched, so that memory is not taken bit by bit for five minutes. */
function newHistograms(): RecordableHistogram[] {
  return Array.from({ length: STEPS }, () => {
    const histogram = createHistogram(HISTOGRAM);
    histogram.reset();
    return histogram;
  });
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
