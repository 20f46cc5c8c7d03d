import type { ObservedSplit, Outcome, SplitChange, SplitState, SplitTarget } from "../../traffic/engine.ts";
import type { OutcomeSource } from "../../sources/source.ts";
import { sameSplit } from "../../traffic/split/diff.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { type ManagedFields, lastWriter } from "./live-virtual-service.ts";
import { SPLIT_MANAGER } from "./history-map.ts";

/** What an engine of a cluster works on. */
export interface ClusterEngineOptions {
  kube: Kube;
  namespace: string;
  /** The Knative Service. */
  service: string;
  /** Where the outcomes come from. @default the metrics of the pods, asked every second */
  outcomes?: OutcomeSource | undefined;
  /** Milliseconds since the epoch. @default Date.now */
  now?: (() => number) | undefined;
}

/** Who changed a split last: the API server knows the program, and the history whom it was for. */
export function changedBy(
  fields: ManagedFields,
  path: readonly string[],
  last: SplitChange | undefined,
  targets: readonly SplitTarget[],
): SplitState["changed"] {
  const writer = lastWriter(fields, path);
  const isOwn = writer?.by === SPLIT_MANAGER && last !== undefined && sameSplit(last.after, targets);
  return isOwn ? { by: last.by, atMs: last.atMs } : writer;
}

/** Counts who answered, as long as outcomes come. */
export async function countAnswers(outcomes: AsyncIterable<Outcome[]>): Promise<ObservedSplit> {
  const sinceMs = Date.now();
  const counts = new Map<string, number>();
  for await (const batch of outcomes) {
    for (const { revision, count } of batch) {
      if (revision !== undefined) counts.set(revision, (counts.get(revision) ?? 0) + count);
    }
  }
  return { sinceMs, counts };
}
