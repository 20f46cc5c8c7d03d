import type { DestinationRule, TrafficPolicy } from "../../manifests/kinds/istio-destination-rule.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { durationMs } from "../../schema/schema.ts";
import { byLongestPattern, fullHost } from "../hosts.ts";
import type { HashPolicies, HashPolicy } from "../table.ts";

/** Reads the hash policies of DestinationRules, which keep requests on one pod. */
export function readHashPolicies(sources: readonly Sourced<DestinationRule>[]): HashPolicies {
  const policies = new Map<string, { all: HashPolicy | undefined; subsets: Map<string, HashPolicy> }>();
  for (const { value } of sources) {
    const { host: written, trafficPolicy, subsets = [] } = value.spec;
    const host = fullHost(written, value.metadata.namespace ?? "default");
    const known = policies.get(host) ?? { all: undefined, subsets: new Map<string, HashPolicy>() };
    const own = hashPolicy(trafficPolicy);
    known.all ??= own;
    for (const subset of subsets) {
      // A subset's load balancer replaces the host's.
      const ofSubset =
        subset.trafficPolicy?.loadBalancer === undefined ? own : hashPolicy(subset.trafficPolicy);
      if (ofSubset !== undefined) known.subsets.set(subset.name, ofSubset);
    }
    if (known.all !== undefined || known.subsets.size > 0) policies.set(host, known);
  }
  return policies;
}

/**
 * Returns the policy for requests to a host or a subset of it; the longest wildcard applies if no rule names the
 * host.
 */
export function hashPolicyFor(
  policies: HashPolicies | undefined,
  host: string,
  subset: string | undefined,
): HashPolicy | undefined {
  if (policies === undefined || policies.size === 0) return undefined;
  const found = byLongestPattern(policies)(host);
  return subset === undefined ? found?.all : found?.subsets.get(subset);
}

/** Describes a policy as the end of a sentence. */
export function describePolicy(policy: HashPolicy): string {
  switch (policy.kind) {
    case "header":
      return `the header ${policy.name}`;
    case "cookie":
      return `the cookie ${policy.name}`;
    case "query":
      return `the query parameter ${policy.name}`;
    case "address":
      return "the caller's address";
  }
}

function hashPolicy(policy: TrafficPolicy | undefined): HashPolicy | undefined {
  const { httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName } =
    policy?.loadBalancer?.consistentHash ?? {};
  if (httpHeaderName !== undefined) return { kind: "header", name: httpHeaderName.toLowerCase() };
  if (httpCookie !== undefined) {
    const { name, path, ttl } = httpCookie;
    return { kind: "cookie", name, path, ttlSeconds: ttl === undefined ? undefined : durationMs(ttl) / 1000 };
  }
  if (useSourceIp === true) return { kind: "address" };
  return httpQueryParameterName === undefined ? undefined : { kind: "query", name: httpQueryParameterName };
}
