import { createHistogram } from "node:perf_hooks";
import { wilson } from "../traffic/wilson.ts";
import type { LoadResult } from "./steady.ts";

/** The results of a load so far. */
export interface LoadSummary {
  requests: number;
  /** Requests without a response, or with a status of 400 and above. */
  failed: number;
  /** The duration of the load so far, in milliseconds. */
  seconds: number;
  /** Completed requests per second, failed ones included. */
  rate: number;
  /** Milliseconds of the requests that got a response; undefined without any. */
  latencyMs: { p50: number; p90: number; p99: number; max: number } | undefined;
  /** By status; 0 for no response. */
  statuses: Record<string, number>;
  /** Why there was no response, the most frequent reason first. */
  reasons: { reason: string; count: number }[];
  /** The share of each revision among the responses that name theirs, from 0 to 1, with a 99.9 % Wilson interval. */
  revisions: { revision: string; count: number; share: number; low: number; high: number }[];
}

const MICROSECONDS = 1000;
const MAX_REASONS = 20;

/** Sums up the results of a load in constant memory. */
export class LoadReport {
  readonly #startedAt: number;
  readonly #latencies = createHistogram({ lowest: 1, highest: 3_600_000 * MICROSECONDS, figures: 3 });
  readonly #statuses = new Map<number, number>();
  readonly #revisions = new Map<string, number>();
  readonly #reasons = new Map<string, number>();
  #failed = 0;

  /** @param startedAt in milliseconds of `performance.now()`, as the results' times are */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  add({ ms, status, error, revision }: LoadResult): void {
    count(this.#statuses, status);
    if (status === 0 || status >= 400) this.#failed++;
    if (error !== undefined) {
      const known = this.#reasons.has(error) || this.#reasons.size < MAX_REASONS;
      count(this.#reasons, known ? error : "other reasons");
    }
    if (revision !== undefined) count(this.#revisions, revision);
    if (status !== 0) this.#latencies.record(Math.max(1, Math.round(ms * MICROSECONDS)));
  }

  /** Whether there were responses, each one with this status. */
  hasOnly(status: number): boolean {
    return this.#statuses.size === 1 && this.#statuses.has(status);
  }

  /** @param now in milliseconds of `performance.now()` */
  summary(now: number): LoadSummary {
    const requests = sum(this.#statuses.values());
    const seconds = Math.max(0, now - this.#startedAt) / 1000;
    const told = sum(this.#revisions.values());
    const at = (percent: number): number => this.#latencies.percentile(percent) / MICROSECONDS;
    return {
      requests,
      failed: this.#failed,
      seconds,
      rate: seconds === 0 ? 0 : requests / seconds,
      latencyMs:
        this.#latencies.count === 0 ? undefined : { p50: at(50), p90: at(90), p99: at(99), max: at(100) },
      statuses: Object.fromEntries([...this.#statuses].sort(([a], [b]) => a - b)),
      reasons: [...this.#reasons]
        .sort(([, a], [, b]) => b - a)
        .map(([reason, times]) => ({ reason, count: times })),
      revisions: [...this.#revisions]
        .sort(([a], [b]) => a.localeCompare(b, "en"))
        .map(([revision, times]) => ({
          revision,
          count: times,
          share: times / told,
          ...wilson(times, told),
        })),
    };
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}
