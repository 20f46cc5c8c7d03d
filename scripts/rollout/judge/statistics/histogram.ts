import { proportion } from "./bernoulli.ts";
import type { Estimate } from "../types.ts";

export interface HistogramState {
  total: number;
  /** Alternating bucket and count, for non-empty buckets. */
  counts: number[];
}

// Buckets grow by 2 %, from 0.1 ms to more than 3 hours.
const GROWTH = Math.log(1.02);
const FIRST = 0.1;
export const BUCKETS = 940;

/**
 * Latencies in buckets of equal relative width: constant memory, and any quantile to within 2 % (as DDSketch: Masson,
 * Rim, Lee, VLDB 2019).
 */
export class Histogram {
  total = 0;
  readonly #counts = new Float64Array(BUCKETS);

  add(ms: number, count: number): void {
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] as number) + count;
    this.total += count;
  }

  /** Halves the counts, so that later latencies have more weight. */
  fade(): void {
    this.total = 0;
    for (let i = 0; i < BUCKETS; i++) {
      const half = (this.#counts[i] as number) / 2;
      this.#counts[i] = half;
      this.total += half;
    }
  }

  /**
   * Returns two latencies, in milliseconds, around the quantile `p`: a part of at least 1 - p takes the lower one or
   * longer, and a smaller part takes the upper one or longer. The lower one is at least 0.1.
   */
  quantile(p: number): { low: number; high: number } {
    const bucket = this.#bucketAt(p * this.total);
    // A latency at the border of a bucket, such as a constant, must not fall below it by rounding.
    return { low: Math.max(FIRST, lowerEnd(bucket) * (1 - 1e-9)), high: upperEnd(bucket) };
  }

  /**
   * Returns the quantile with an interval that holds at all times simultaneously with probability 1 - level: the
   * values whose rank is not evidence against p (Howard and Ramdas, Sequential estimation of quantiles, 2022, with a
   * beta-binomial bound).
   */
  estimate(p: number, level: number): Estimate | undefined {
    const { total } = this;
    if (total === 0) return undefined;
    const { low, high } = proportion(total, p * total, level);
    return {
      low: lowerEnd(this.#bucketAt(low * total)),
      value: middle(this.#bucketAt(p * total)),
      high: upperEnd(this.#bucketAt(high * total)),
    };
  }

  /**
   * For each of several ascending ranks, 0 to 1, returns the first bucket whose middle has at least that rank;
   * `BUCKETS` if none has. Ranks lie strictly between 0 and 1, as for an additional latency.
   */
  starts(ranks: ArrayLike<number>): number[] {
    const starts: number[] = [];
    let below = 0;
    for (let i = 0; i < BUCKETS; i++) {
      const count = this.#counts[i] as number;
      const rank = (below + (count + 1) / 2) / (this.total + 1);
      while (starts.length < ranks.length && rank >= (ranks[starts.length] as number)) starts.push(i);
      below += count;
    }
    while (starts.length < ranks.length) starts.push(BUCKETS);
    return starts;
  }

  snapshot(): HistogramState {
    const counts: number[] = [];
    for (let i = 0; i < BUCKETS; i++) if (this.#counts[i] !== 0) counts.push(i, this.#counts[i] as number);
    return { total: this.total, counts };
  }

  restore(state: HistogramState): void {
    this.total = state.total;
    this.#counts.fill(0);
    for (let i = 0; i + 1 < state.counts.length; i += 2) {
      this.#counts[state.counts[i] as number] = state.counts[i + 1] as number;
    }
  }

  #bucketAt(rank: number): number {
    let below = 0;
    let last = 0;
    for (let i = 0; i < BUCKETS; i++) {
      const count = this.#counts[i] as number;
      if (count === 0) continue;
      below += count;
      last = i;
      if (below > rank) return i;
    }
    return last;
  }
}

// Several histograms get the same latency in turn, as it is and multiplied by the tolerated factor, and a logarithm takes
// as long as the rest. So the buckets of the last two latencies are kept.
let lastMs = 0;
let lastBucket = 0;
let earlierMs = 0;
let earlierBucket = 0;

/** Returns the bucket of a latency in milliseconds. */
export function bucketOf(ms: number): number {
  if (ms < FIRST) return 0;
  if (ms === lastMs) return lastBucket;
  if (ms === earlierMs) return earlierBucket;
  const bucket = 1 + Math.floor(Math.log(ms / FIRST) / GROWTH);
  earlierMs = lastMs;
  earlierBucket = lastBucket;
  lastMs = ms;
  lastBucket = bucket < BUCKETS ? bucket : BUCKETS - 1;
  return lastBucket;
}

function lowerEnd(bucket: number): number {
  return bucket === 0 ? 0 : FIRST * Math.exp((bucket - 1) * GROWTH);
}

function upperEnd(bucket: number): number {
  return FIRST * Math.exp(bucket * GROWTH);
}

function middle(bucket: number): number {
  return bucket === 0 ? FIRST / 2 : FIRST * Math.exp((bucket - 0.5) * GROWTH);
}
