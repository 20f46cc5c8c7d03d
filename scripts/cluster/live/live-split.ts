import { revisionShares, distribution } from "../../traffic/distribution.ts";
import { HeaderList } from "../../route-fields/headers/header-list.ts";
import { clusterLocalNames, hostOf } from "../../traffic/hosts.ts";
import type { RoutedRequest } from "../../traffic/resolve.ts";
import { SPLIT_OWNERS, type SplitOwner } from "../../traffic/split-owner.ts";
import { bucketName, BUCKETS } from "../../traffic/split/bucket-ranges.ts";
import type { LivePlan } from "./live-plan.ts";

/** The engine that decides a split, and the share of each revision, from 0 to 1. */
export interface LiveSplit {
  by: SplitOwner;
  shares: ReadonlyMap<string, number>;
  /** The header whose buckets decide: then shares are of applicants, with equally likely buckets. */
  header: string | undefined;
}

/** A service, and a call that its split decides: the first label of a cluster-local host, and a path. */
export interface SplitCall {
  service: string;
  host: string;
  path: string;
}

/** Returns the split of a call, or undefined if the routes do not lead to a revision. */
export function liveSplit(
  { plan, bucketSplits }: LivePlan,
  namespace: string,
  { service, host: name, path }: SplitCall,
): LiveSplit | undefined {
  const [host = ""] = clusterLocalNames(name, namespace);
  const call = requestTo(host, path);
  const drawn = sharesOf(call);
  if (drawn.size === 0) return undefined;
  // By way of the Knative Service's own host its percentages decide, by any other the VirtualService's rules.
  const own = clusterLocalNames(service, namespace);
  const byKnative = distribution(plan.table, "mesh", call).some(({ resolution }) => {
    return resolution.kind === "revision" && own.includes(hostOf(resolution.request.authority));
  });
  if (byKnative) return { by: SPLIT_OWNERS.knative, shares: drawn, header: undefined };
  for (const { header, owned } of bucketSplits) {
    // All buckets of a range have the same route, so its first one represents it.
    const ranges = owned.flat().map(({ from, to }) => ({
      shares: sharesOf(requestTo(host, path, [header, bucketName(from)])),
      part: (to - from + 1) / BUCKETS,
    }));
    // A VirtualService for other hosts or paths does not affect the route of this call.
    if (ranges.every(({ shares }) => Bun.deepEquals(shares, drawn))) continue;
    const total = new Map<string, number>();
    for (const { shares, part } of ranges)
      for (const [revision, share] of shares) total.set(revision, (total.get(revision) ?? 0) + share * part);
    return { by: SPLIT_OWNERS.istio, shares: total, header };
  }
  return { by: SPLIT_OWNERS.istio, shares: drawn, header: undefined };

  function sharesOf(request: RoutedRequest): Map<string, number> {
    const shares = revisionShares(plan.table, "mesh", request);
    return new Map([...shares].map(([key, share]) => [key.split("/")[1] ?? key, share]));
  }
}

/** Whether the ingress gateway routes this path to a revision. */
export function isPublic({ plan }: LivePlan, path: string): boolean {
  return revisionShares(plan.table, "ingress", requestTo("any.example", path)).size > 0;
}

function requestTo(authority: string, target: string, more: readonly string[] = []): RoutedRequest {
  return { method: "GET", target, authority, headers: new HeaderList(["host", authority, ...more]) };
}
