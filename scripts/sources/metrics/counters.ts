import type { Outcome } from "../source.ts";
import type { Sample } from "./samples.ts";

/** The metric with the start time of a process. A restarted process counts from zero. */
export const STARTED = "process_start_time_seconds";

/** The upper bound of the last bucket of a histogram, which is unbounded. */
const BEYOND_MS = 60_000;

/** The properties of a histogram's requests, from its labels. */
export type Meaning = Pick<Outcome, "revision" | "ok" | "kind" | "failure" | "pinned" | "excluded">;

/** A histogram of latencies of some program, with any buckets. */
export interface HistogramFormat {
  /** The metric's names without `_bucket`. */
  names: readonly string[];
  /** The unit of its bounds in milliseconds: 1000 for seconds. */
  unitMs: number;
  /** Undefined for requests of another service. */
  meaningOf(labels: Readonly<Record<string, string>>): Meaning | undefined;
}

/** The time of a reading of a process's counters. Times are milliseconds since the epoch. */
export interface Look {
  /** The counters are of some time from here … */
  fromMs: number;
  /** … to here. */
  atMs: number;
  /** The process started after this time. Undefined if it may have counted before the first reading. */
  beganAfterMs?: number | undefined;
}

interface Seen {
  fromMs: number;
  startedAt: number | undefined;
  values: Map<string, number>;
}

/** A bucket with its own count, without that of the buckets below it. */
interface Bucket {
  format: HistogramFormat;
  labels: Readonly<Record<string, string>>;
  /** Latencies are above `from` and not above `bound`, in the unit of the histogram. */
  from: number;
  bound: number;
  count: number;
}

/** Reads the counters of several processes, and computes the differences. */
export interface CounterReader {
  /** Whether a metric is read. */
  reads(metric: string): boolean;
  /** Returns the increase of a process's counters since the previous reading. @param process a unique name */
  added(process: string, samples: readonly Sample[], look: Look): Outcome[];
  /** Forgets processes that have ended. */
  keep(processes: ReadonlySet<string>): void;
}

/**
 * Converts the counters of several processes into outcomes: the counts that were added since the last look, as answered
 * at some time between the two looks. The first look at a process only sets its baseline, unless the process started
 * since.
 */
export class Counters implements CounterReader {
  /** The histograms, by the names of the metrics of their buckets. */
  readonly #formats: ReadonlyMap<string, HistogramFormat>;
  readonly #seen = new Map<string, Seen>();

  constructor(...formats: readonly HistogramFormat[]) {
    this.#formats = new Map(
      formats.flatMap((format) => format.names.map((name) => [`${name}_bucket`, format] as const)),
    );
  }

  reads(metric: string): boolean {
    return metric === STARTED || this.#formats.has(metric);
  }

  added(process: string, samples: readonly Sample[], look: Look): Outcome[] {
    const before = this.#seen.get(process);
    const startedAt = samples.find(({ name }) => name === STARTED)?.value;
    const values = new Map<string, number>();
    const buckets = this.#bucketsOf(samples);
    for (const bucket of buckets) values.set(keyOf(bucket), bucket.count);
    this.#seen.set(process, { fromMs: look.fromMs, startedAt: startedAt ?? before?.startedAt, values });
    const sinceMs = before?.fromMs ?? look.beganAfterMs;
    if (sinceMs === undefined) return [];
    const began = before === undefined || hasBegunAgain(before, startedAt, values);
    return buckets.flatMap((bucket) => {
      const count = bucket.count - (began ? 0 : (before?.values.get(keyOf(bucket)) ?? 0));
      return count > 0 ? this.#outcomeOf(bucket, { sinceMs, atMs: look.atMs, count }) : [];
    });
  }

  keep(processes: ReadonlySet<string>): void {
    for (const process of this.#seen.keys()) if (!processes.has(process)) this.#seen.delete(process);
  }

  #outcomeOf(bucket: Bucket, counted: Pick<Outcome, "sinceMs" | "atMs" | "count">): Outcome[] {
    const { unitMs, meaningOf } = bucket.format;
    const meaning = meaningOf(bucket.labels);
    if (meaning === undefined) return [];
    const ms = Number.isFinite(bucket.bound)
      ? bucket.bound * unitMs
      : Math.max(BEYOND_MS, bucket.from * unitMs);
    return [{ ...counted, ...meaning, ms, fromMs: bucket.from * unitMs }];
  }

  /** The count of each bucket, without the buckets below it. */
  #bucketsOf(samples: readonly Sample[]): Bucket[] {
    const series = Map.groupBy(samples, ({ name, labels }) =>
      JSON.stringify([name, Object.entries({ ...labels, le: "" }).sort()]),
    );
    return [...series.values()].flatMap((buckets) => {
      const format = this.#formats.get(buckets[0]?.name ?? "");
      if (format === undefined) return [];
      const sorted = buckets
        .map(({ labels, value }) => ({ format, labels, bound: boundOf(labels["le"]), count: value }))
        .sort((a, b) => a.bound - b.bound);
      return sorted.map((bucket, i) => {
        const below = sorted[i - 1];
        return { ...bucket, from: below?.bound ?? 0, count: bucket.count - (below?.count ?? 0) };
      });
    });
  }
}

function hasBegunAgain(
  before: Seen,
  startedAt: number | undefined,
  now: ReadonlyMap<string, number>,
): boolean {
  const isOther = startedAt !== undefined && before.startedAt !== undefined && startedAt !== before.startedAt;
  // A counter never falls, so one that did shows a restart of a process without a start time.
  return isOther || [...before.values].some(([key, count]) => (now.get(key) ?? 0) < count);
}

function boundOf(le: string | undefined): number {
  return le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
}

function keyOf({ labels }: Bucket): string {
  return JSON.stringify(Object.entries(labels).sort());
}
