import { lineOf, type PlannedSplit, splitsOf } from "../../traffic/split/planned-splits.ts";
import { isBucket } from "../../traffic/split/bucket-ranges.ts";
import type { ServicePlan } from "../../traffic/compile/service-plan.ts";
import type { Rule } from "../../traffic/table.ts";
import type { Configuration } from "../configuration.ts";

/** A split in force, and the number of its choices of each revision since its shares last changed. */
export interface SplitCount {
  service: ServicePlan;
  split: PlannedSplit;
  /** `file:line` of the split. */
  route: string;
  /** When these shares came into force, in milliseconds since the epoch. */
  since: number;
  /** Requests by `namespace/name` of the revision. */
  counts: Map<string, number>;
  /** The distinct buckets of those requests, by revision; empty if no header decides. */
  buckets: Map<string, Set<string>>;
}

/** The splits of one configuration, also by their rules. */
export interface SplitCounts {
  all: readonly SplitCount[];
  byRule: ReadonlyMap<Rule, SplitCount>;
}

/** Returns the counts for a new configuration; a split with unchanged shares keeps its counts. */
export function startSplitCounts(
  loaded: Configuration,
  before: SplitCounts | undefined,
  nowMs: number,
): SplitCounts {
  const { plan, resources } = loaded;
  const left = Map.groupBy(before?.all ?? [], ({ service, split }) => identityOf(service, split));
  const all = plan.services.flatMap((service) =>
    splitsOf(service, plan, resources.virtualServices).map((split): SplitCount => {
      const same = left.get(identityOf(service, split))?.shift();
      const { since, counts, buckets } = same ?? { since: nowMs, counts: new Map(), buckets: new Map() };
      return { service, split, route: lineOf(split.at), since, counts, buckets };
    }),
  );
  const byRule = new Map(all.flatMap((split) => split.split.rules.map((rule) => [rule, split] as const)));
  return { all, byRule };
}

/** Counts a request that a split sent to a revision. @param header reads one of its headers */
export function countRequest(
  { split, counts, buckets }: SplitCount,
  revision: string,
  header: (name: string) => string | undefined,
): void {
  counts.set(revision, (counts.get(revision) ?? 0) + 1);
  const bucket = split.header === undefined ? undefined : header(split.header);
  if (bucket === undefined || !isBucket(bucket)) return;
  const seen = buckets.get(revision) ?? new Set();
  buckets.set(revision, seen.add(bucket));
}

/** Returns the identity of a split and its shares as text. */
function identityOf({ namespace, name }: ServicePlan, { by, object, header, targets }: PlannedSplit): string {
  return JSON.stringify([namespace, name, by, object, header, targets]);
}
