import type { CounterReader, Look } from "../metrics/counters.ts";
import type { Sample } from "../metrics/samples.ts";
import { markOf } from "../../traffic/outcome-kind.ts";
import type { Outcome } from "../source.ts";

/** The requests to a cluster of Envoy by status, each once with its retries, and with Envoy's own responses. */
const REQUESTS = "envoy_cluster_upstream_rq";
/** Requests that the proxy ended itself, and those of them that timed out, which also have a status. */
const ENDED = "envoy_cluster_upstream_rq_tx_reset";
const TIMED_OUT = new Set(["envoy_cluster_upstream_rq_timeout", "envoy_cluster_upstream_rq_per_try_timeout"]);
/** The latencies of requests that an endpoint answered, in milliseconds. Envoy has none by status. */
const LATENCIES = "envoy_cluster_upstream_rq_time_bucket";

/** Envoy adds latencies to its histograms every 5 s, and statuses to its counters at once. */
const LATENCIES_WITHIN_MS = 10_000;

/** The counts of a proxy for one cluster. */
interface Counted {
  /** By status, and by the names of the counters of ended requests. */
  statuses: Map<string, number>;
  /** The count of each bucket by its upper bound, without the buckets below. */
  latencies: Map<number, number>;
}

/** Counts that are not reported yet. */
interface Waiting extends Counted {
  sinceMs: number;
}

interface Seen {
  fromMs: number;
  clusters: Map<string, Counted>;
  /** By cluster. */
  waiting: Map<string, Waiting>;
}

/**
 * Converts Envoy's counters of requests by status and its histogram of latencies into outcomes. Envoy has no
 * latencies by status, so each status gets the distribution of all latencies. Counts wait for their latencies. A
 * request that the proxy ended without a status is one whose caller gave up.
 */
export class ClusterCounters implements CounterReader {
  readonly #revisionOf: (cluster: string) => string | undefined;
  readonly #seen = new Map<string, Seen>();

  /** @param revisionOf the revision behind a cluster of Envoy; undefined for a cluster of another service */
  constructor(revisionOf: (cluster: string) => string | undefined) {
    this.#revisionOf = revisionOf;
  }

  reads(metric: string): boolean {
    return metric === REQUESTS || metric === LATENCIES || metric === ENDED || TIMED_OUT.has(metric);
  }

  added(process: string, samples: readonly Sample[], look: Look): Outcome[] {
    const before = this.#seen.get(process);
    const clusters = countedOf(samples);
    const waiting = before?.waiting ?? new Map<string, Waiting>();
    this.#seen.set(process, { fromMs: look.fromMs, clusters, waiting });
    const sinceMs = before?.fromMs ?? look.beganAfterMs;
    if (sinceMs === undefined) return [];
    const last = before !== undefined && isContinued(before.clusters, clusters) ? before.clusters : new Map();
    return [...clusters].flatMap(([cluster, counted]) => {
      const revision = this.#revisionOf(cluster);
      if (revision === undefined) return [];
      const held = add(
        waiting.get(cluster) ?? { sinceMs, ...NOTHING() },
        counted,
        last.get(cluster) ?? NOTHING(),
      );
      if (held.statuses.size === 0) return [];
      const isDue = held.latencies.size > 0 || look.atMs - held.sinceMs > LATENCIES_WITHIN_MS;
      if (!isDue) {
        waiting.set(cluster, held);
        return [];
      }
      waiting.delete(cluster);
      return outcomesOf(revision, held, [...counted.latencies.keys()], look.atMs);
    });
  }

  keep(processes: ReadonlySet<string>): void {
    for (const process of this.#seen.keys()) if (!processes.has(process)) this.#seen.delete(process);
  }
}

const NOTHING = (): Counted => ({ statuses: new Map(), latencies: new Map() });

/** The counts on a page, by cluster. */
function countedOf(samples: readonly Sample[]): Map<string, Counted> {
  const clusters = new Map<string, Counted>();
  for (const { name, labels, value } of samples) {
    // Istio's bootstrap renames Envoy's labels.
    const cluster = labels["cluster_name"] ?? labels["envoy_cluster_name"] ?? "";
    const status = labels["response_code"] ?? labels["envoy_response_code"];
    // With Istio's labels the counts by class of status, such as 2xx, have the same name: they count each request again.
    if (name === REQUESTS && status === undefined) continue;
    const counted = clusters.get(cluster) ?? NOTHING();
    clusters.set(cluster, counted);
    const { le = "" } = labels;
    if (name !== LATENCIES) counted.statuses.set(status ?? name, value);
    else counted.latencies.set(le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le), value);
  }
  for (const counted of clusters.values()) counted.latencies = withoutLower(counted.latencies);
  return clusters;
}

function withoutLower(cumulative: ReadonlyMap<number, number>): Map<number, number> {
  const sorted = [...cumulative].sort(([a], [b]) => a - b);
  return new Map(sorted.map(([bound, count], i) => [bound, count - (sorted[i - 1]?.[1] ?? 0)] as const));
}

/** Whether the counters are of the same process: no counter fell. */
function isContinued(before: ReadonlyMap<string, Counted>, now: ReadonlyMap<string, Counted>): boolean {
  return [...before].every(([cluster, { statuses }]) =>
    [...statuses].every(([status, count]) => (now.get(cluster)?.statuses.get(status) ?? 0) >= count),
  );
}

function add(waiting: Waiting, now: Counted, before: Counted): Waiting {
  const sum = <K>(to: Map<K, number>, counts: Map<K, number>, less: Map<K, number>): Map<K, number> => {
    for (const [key, count] of counts) {
      const added = count - (less.get(key) ?? 0);
      if (added > 0) to.set(key, (to.get(key) ?? 0) + added);
    }
    return to;
  };
  return {
    sinceMs: waiting.sinceMs,
    statuses: sum(waiting.statuses, now.statuses, before.statuses),
    latencies: sum(waiting.latencies, now.latencies, before.latencies),
  };
}

/** @param bounds the upper bounds of all buckets, in order */
function outcomesOf(
  revision: string,
  { statuses, latencies, sinceMs }: Waiting,
  bounds: readonly number[],
  atMs: number,
): Outcome[] {
  const weights = bounds.map((bound) => latencies.get(bound) ?? 0);
  const answered = [...statuses].filter(([status]) => status !== ENDED && !TIMED_OUT.has(status));
  const times = { revision, sinceMs, atMs, excluded: undefined };
  const gaveUp = gaveUpIn(statuses);
  const abandoned = { ...times, ...markOf(undefined, { gaveUp: true }), ms: 0, count: gaveUp };
  const outcomes = answered.flatMap(([status, total]) => {
    const shared = { ...times, ...markOf(Number(status)) };
    // Without an answer of an endpoint there are no latencies.
    if (latencies.size === 0) return [{ ...shared, ms: 0, count: total }];
    return proportional(total, weights).flatMap((count, i) => {
      const [fromMs, bound] = [bounds[i - 1] ?? 0, bounds[i] ?? 0];
      return count === 0 ? [] : [{ ...shared, fromMs, ms: Number.isFinite(bound) ? bound : fromMs, count }];
    });
  });
  return gaveUp > 0 ? [...outcomes, abandoned] : outcomes;
}

/** Returns the number of requests whose callers did not wait for the answer. */
function gaveUpIn(statuses: ReadonlyMap<string, number>): number {
  const timedOut = [...TIMED_OUT].reduce((sum, name) => sum + (statuses.get(name) ?? 0), 0);
  return Math.max(0, (statuses.get(ENDED) ?? 0) - timedOut);
}

/** Divides a whole number in proportion to weights, by the largest remainders. */
function proportional(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const parts = exact.map(Math.floor);
  const left = total - parts.reduce((all, part) => all + part, 0);
  const byRemainder = exact
    .map((part, i) => ({ i, rest: part - Math.floor(part) }))
    .sort((a, b) => b.rest - a.rest);
  for (const { i } of byRemainder.slice(0, left)) parts[i] = (parts[i] ?? 0) + 1;
  return parts;
}
