import type { KnativeService } from "../../manifests/kinds/knative-service.ts";
import type { Position } from "../../manifests/problem.ts";

type RevisionTemplate = KnativeService["spec"]["template"];

/** A revision as a state of its Knative Service describes it. */
export interface Revision {
  /** The name that Knative gives it. */
  name: string;
  namespace: string;
  /** The Knative Service it belongs to. */
  service: string;
  template: RevisionTemplate;
  at: Position;
}

/** One entry of a traffic block, resolved to the revision that it means now. */
export interface TrafficTarget {
  revision: string;
  tag: string | undefined;
  percent: number;
  /** Whether the target follows the latest ready revision. */
  latest: boolean;
  at: Position;
}

/** A Knative Service: its revisions, and how traffic is split between them. */
export interface ServicePlan {
  name: string;
  namespace: string;
  /** Whether it is served on the public gateway, or to callers within the cluster only. */
  visibility: "public" | "cluster-local";
  /** In the order in which their files come. */
  revisions: Revision[];
  /** Percents sum to 100. */
  traffic: TrafficTarget[];
  /** The position of the traffic block. */
  at: Position;
}

/** The share of each revision in percent, zero shares left out; the same revision under two targets is summed. */
export function shares(traffic: readonly TrafficTarget[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { revision, percent } of traffic) {
    if (percent > 0) sums.set(revision, (sums.get(revision) ?? 0) + percent);
  }
  return sums;
}
