import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import {
  type Counts,
  Counter,
  type Range,
  RATE_SECONDS,
  secondsOf,
  STEP_SECONDS,
  WHOLE,
  WINDOW_SECONDS,
} from "./request-counter.ts";

const MICROSECONDS = 1000;
// A minute or more counts as a minute, because callers do not wait longer.
const HISTOGRAM = { lowest: 1, highest: 60_000 * MICROSECONDS, figures: 2 } as const;

/** Sums over some requests. Milliseconds are undefined if no request was measured. */
export interface Sums extends Counts {
  p50Ms: number | undefined;
  p90Ms: number | undefined;
  p99Ms: number | undefined;
}

/** The measurements of a meter in a range. */
export interface Measured extends Sums {
  /** Requests per second, over the last ten complete seconds. */
  rate: number;
  /** The counts of those ten seconds. */
  recent: Counts;
  /** A point for each step of the range, the oldest first; empty if the range has no request. */
  series: Sums[];
}

/** Most of a thousand revisions are idle, and share this object. */
const IDLE: Measured = {
  ...{ requests: 0, errors: 0, p50Ms: undefined, p90Ms: undefined, p99Ms: undefined },
  ...{ rate: 0, recent: { requests: 0, errors: 0 }, series: [] },
};

/**
 * Counts requests and measures their durations over the last five minutes, in constant memory: besides the counts,
 * HDR histograms, one for each of the last ten seconds and one for each five seconds of the whole window, within one
 * percent of each duration.
 */
export class Meter {
  readonly #counter = new Counter();
  readonly #seconds = new HistogramRing(1, RATE_SECONDS + 1);
  readonly #steps = new HistogramRing(STEP_SECONDS, WINDOW_SECONDS / STEP_SECONDS);
  #lastSecond = Number.NEGATIVE_INFINITY;

  /**
   * @param now seconds since any fixed moment, the same one in each call
   * @param ms the request's duration; undefined if that is not evidence about the revision
   */
  record(now: number, ms: number | undefined, failed: boolean): void {
    const second = Math.floor(now);
    this.#lastSecond = second;
    this.#counter.count(second, failed);
    if (ms === undefined) return;
    const microseconds = inRange(ms * MICROSECONDS);
    this.#seconds.record(second, microseconds);
    this.#steps.record(second, microseconds);
  }

  measured(now: number, range: Range = WHOLE): Measured {
    const [from, to] = secondsOf(range, now);
    if (this.#lastSecond < from) return IDLE;
    const ring = range.step === 1 ? this.#seconds : this.#steps;
    const series: Sums[] = [];
    const whole = createHistogram(HISTOGRAM);
    for (let second = from; second < to; second += range.step) {
      const counts = this.#counter.between(second, second + range.step);
      const histogram = ring.at(second);
      if (histogram !== undefined) whole.add(histogram);
      series.push({ ...counts, ...quantiles(histogram) });
    }
    const recent = this.#counter.recent(now);
    return { ...this.#counter.total(now, range), recent, ...quantiles(whole), series };
  }
}

/** The histograms of the last steps of time. */
class HistogramRing {
  readonly #stepSeconds: number;
  readonly #steps: Int32Array;
  /** Created by the first request: 20 kB each, and most of a thousand revisions may never get a request. */
  #histograms: readonly RecordableHistogram[] = [];

  constructor(stepSeconds: number, steps: number) {
    this.#stepSeconds = stepSeconds;
    this.#steps = new Int32Array(steps).fill(-1);
  }

  record(second: number, microseconds: number): void {
    const [step, at] = this.#placeOf(second);
    if (this.#histograms.length === 0) this.#histograms = newHistograms(this.#steps.length);
    const histogram = this.#histograms[at] as RecordableHistogram;
    if (this.#steps[at] !== step) {
      this.#steps[at] = step;
      histogram.reset();
    }
    histogram.record(microseconds);
  }

  /** Returns the histogram of the step that contains a second; undefined if nothing was recorded in it. */
  at(second: number): RecordableHistogram | undefined {
    const [step, at] = this.#placeOf(second);
    return this.#steps[at] === step ? this.#histograms[at] : undefined;
  }

  #placeOf(second: number): [step: number, at: number] {
    const step = Math.floor(second / this.#stepSeconds);
    const { length } = this.#steps;
    return [step, ((step % length) + length) % length];
  }
}

/** Allocates all at once and touches each page, so that memory does not grow for five minutes. */
function newHistograms(length: number): RecordableHistogram[] {
  return Array.from({ length }, () => {
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
