import { revisionShares, distribution } from "../../traffic/distribution.ts";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { clusterLocalNames, hostOf } from "../../traffic/hosts.ts";
import type { RoutedRequest } from "../../traffic/resolve.ts";
import { SPLIT_OWNERS, type SplitOwner } from "../../traffic/split-owner.ts";
import type { LivePlan } from "./live-plan.ts";

/** The engine that decides a split, and the share of each revision, from 0 to 1. */
export interface LiveSplit {
  by: SplitOwner;
  shares: ReadonlyMap<string, number>;
}

/** A service, and a call that its split decides: the first label of a cluster-local host, and a path. */
export interface SplitCall {
  service: string;
  host: string;
  path: string;
}

/** The split that a call meets, or undefined where the routes do not lead to a revision. */
export function liveSplit(
  { plan }: LivePlan,
  namespace: string,
  { service, host: name, path }: SplitCall,
): LiveSplit | undefined {
  const [host = ""] = clusterLocalNames(name, namespace);
  const call = requestTo(host, path);
  const shares = new Map(
    [...revisionShares(plan.table, "mesh", call)].map(([key, share]) => [key.split("/")[1] ?? key, share]),
  );
  if (shares.size === 0) return undefined;
  // By way of the Knative Service's own host its percentages decide, by any other the VirtualService's weights.
  const own = clusterLocalNames(service, namespace);
  const byKnative = distribution(plan.table, "mesh", call).some(({ resolution }) => {
    return resolution.kind === "revision" && own.includes(hostOf(resolution.request.authority));
  });
  return { by: byKnative ? SPLIT_OWNERS.knative : SPLIT_OWNERS.istio, shares };
}

/** Whether the ingress gateway leads to a revision for this path. */
export function isPublic({ plan }: LivePlan, path: string): boolean {
  return revisionShares(plan.table, "ingress", requestTo("any.example", path)).size > 0;
}

function requestTo(authority: string, target: string): RoutedRequest {
  return { method: "GET", target, authority, headers: new HeaderList(["host", authority]) };
}
