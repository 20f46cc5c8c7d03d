import type { Outcome } from "../../traffic/engine.ts";
import type { Sample } from "./samples.ts";

/** The histogram that a caller keeps of its calls, and the one that a revision keeps of its requests. */
export const CALLS = "http_client_request_duration_seconds";
export const REQUESTS = "http_server_request_duration_seconds";
/** When a process began: another one counts from nought. */
export const STARTED = "process_start_time_seconds";

/** Longer than any bucket: what fell beyond the last bound. */
const BEYOND_MS = 60_000;

interface Seen {
  startedAt: number | undefined;
  values: Map<string, number>;
}

/** A bucket's own count, not that of all below it too. */
interface Bucket {
  labels: Readonly<Record<string, string>>;
  /** Seconds: latencies are above the one, and not above the other. */
  from: number;
  bound: number;
  count: number;
}

/**
 * Turns the counters of several processes, looked at now and then, into what was added since the last look. A process
 * that is looked at for the first time counts from what it says then, unless it began since; one that started again
 * counts from nought.
 */
export class Counters {
  readonly #seen = new Map<string, Seen>();

  /**
   * What was added at a process since the last look.
   * @param process a name that no other process has
   * @param isNew whether it began after the first look at all, so that nothing of what it counts was before
   */
  added(process: string, samples: readonly Sample[], isNew: boolean, atMs: number): Outcome[] {
    const before = this.#seen.get(process);
    const startedAt = samples.find(({ name }) => name === STARTED)?.value;
    const values = new Map<string, number>();
    const buckets = bucketsOf(samples);
    for (const bucket of buckets) values.set(keyOf(bucket), bucket.count);
    this.#seen.set(process, { startedAt, values });
    if (before === undefined && !isNew) return [];
    const began = before === undefined || hasBegunAgain(before, startedAt, values);
    return buckets.flatMap((bucket) => {
      const count = bucket.count - (began ? 0 : (before?.values.get(keyOf(bucket)) ?? 0));
      return count > 0 ? [outcomeOf(bucket, count, atMs)] : [];
    });
  }

  /** Forgets processes that are gone. */
  keep(processes: ReadonlySet<string>): void {
    for (const process of this.#seen.keys()) if (!processes.has(process)) this.#seen.delete(process);
  }
}

function hasBegunAgain(
  before: Seen,
  startedAt: number | undefined,
  now: ReadonlyMap<string, number>,
): boolean {
  if (before.startedAt !== startedAt) return true;
  // A counter never falls: a process that does not say when it began is found out by that.
  return [...before.values].some(([key, count]) => (now.get(key) ?? 0) < count);
}

/** Each bucket without those below it. */
function bucketsOf(samples: readonly Sample[]): Bucket[] {
  const series = Map.groupBy(
    samples.filter(({ name }) => name === `${CALLS}_bucket` || name === `${REQUESTS}_bucket`),
    ({ labels }) => JSON.stringify(Object.entries({ ...labels, le: "" }).sort()),
  );
  return [...series.values()].flatMap((buckets) => {
    const sorted = buckets
      .map(({ labels, value }) => ({ labels, bound: boundOf(labels["le"]), count: value }))
      .sort((a, b) => a.bound - b.bound);
    return sorted.map((bucket, i) => {
      const below = sorted[i - 1];
      return { ...bucket, from: below?.bound ?? 0, count: bucket.count - (below?.count ?? 0) };
    });
  });
}

function boundOf(le: string | undefined): number {
  return le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
}

function keyOf({ labels }: Bucket): string {
  return JSON.stringify(Object.entries(labels).sort());
}

/** What a caller's outcomes are about: its own mistake, or that it went away, is none of a revision's. */
const CALLERS = new Set(["client_error", "aborted"]);
const NOBODY = new Set(["unknown", "other", ""]);

function outcomeOf({ labels, from, bound }: Bucket, count: number, atMs: number): Outcome {
  const { outcome, status = "", revision = "" } = labels;
  const isCallers = outcome === undefined ? status.startsWith("4") : CALLERS.has(outcome);
  const ok = isCallers || (outcome === undefined ? !status.startsWith("5") : outcome === "ok");
  return {
    atMs,
    revision: NOBODY.has(revision) ? undefined : revision,
    ok,
    ms: Number.isFinite(bound) ? bound * 1_000 : BEYOND_MS,
    fromMs: from * 1_000,
    count,
    excluded: isCallers ? "caller" : undefined,
  };
}
