import { lineOf, type PlannedSplit, splitsOf } from "../../traffic/splits.ts";
import type { KnativeServicePlan } from "../../traffic/knative.ts";
import type { Rule } from "../../traffic/table.ts";
import type { Loaded } from "../load.ts";

/** A split in force, and how often it chose each revision since its shares are what they are. */
export interface Tally {
  service: KnativeServicePlan;
  split: PlannedSplit;
  /** `file:line` of the split. */
  route: string;
  /** When these shares came into force, in milliseconds since the epoch. */
  since: number;
  /** Requests by `namespace/name` of the revision. */
  counts: Map<string, number>;
}

/** The splits of one configuration, and which of their rules a request met. */
export interface Tallies {
  all: readonly Tally[];
  byRule: ReadonlyMap<Rule, Tally>;
}

/** Begins to count for a configuration; a split whose shares stayed as they were goes on from its counts. */
export function beginTallies(loaded: Loaded, before: Tallies | undefined, nowMs: number): Tallies {
  const { plan, resources } = loaded;
  const left = Map.groupBy(before?.all ?? [], ({ service, split }) => planOf(service, split));
  const all = plan.services.flatMap((service) =>
    splitsOf(service, plan, resources.virtualServices).map((split): Tally => {
      const same = left.get(planOf(service, split))?.shift();
      const { since, counts } = same ?? { since: nowMs, counts: new Map<string, number>() };
      return { service, split, route: lineOf(split.at), since, counts };
    }),
  );
  const byRule = new Map(all.flatMap((tally) => tally.split.rules.map((rule) => [rule, tally] as const)));
  return { all, byRule };
}

/** What a split plans, as text: two splits with the same text are the same to whoever counts. */
function planOf({ namespace, name }: KnativeServicePlan, { by, object, targets }: PlannedSplit): string {
  return JSON.stringify([namespace, name, by, object, targets]);
}
