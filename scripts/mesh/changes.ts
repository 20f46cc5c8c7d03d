import type { VirtualService } from "../manifests/kinds/istio-virtual-service.ts";
import type { Sourced } from "../manifests/resources.ts";
import type { ServicePlan } from "../traffic/compile/service-plan.ts";
import { destinationName } from "../traffic/hosts.ts";
import type { Destination, Rule } from "../traffic/table.ts";
import type { Configuration } from "./configuration.ts";

/**
 * Describes an edit in one sentence per change: percents and weights with their old and new values, added and removed
 * revisions, and other objects by name. Empty if only comments or the order of files changed.
 */
export function describeChanges(before: Configuration, now: Configuration): string[] {
  return [
    ...describeServices(before.plan.services, now.plan.services),
    ...describeVirtualServices(before, now),
    ...describeOthers("Gateway", before.resources.gateways, now.resources.gateways),
    ...describeOthers("Service", servicesOf(before), servicesOf(now)),
    ...describeOthers("DestinationRule", before.resources.destinationRules, now.resources.destinationRules),
  ];
}

function servicesOf({ resources }: Configuration): Sourced<{ metadata: { name: string } }>[] {
  return [...resources.externalNames, ...resources.kubernetesServices];
}

/** Names a target in a sentence: by tag if there is one, else by revision. */
export function targetName({ tag, revision }: { tag: string | undefined; revision: string }): string {
  return tag ?? revision;
}

function* describeServices(before: ServicePlan[], now: ServicePlan[]): Generator<string> {
  for (const [name, old, current] of paired(
    before,
    now,
    (service) => `${service.namespace}/${service.name}`,
  )) {
    if (old === undefined) yield `${name} is new`;
    else if (current === undefined) yield `${name} is gone`;
    else yield* describeService(old, current);
  }
}

function* describeService(before: ServicePlan, now: ServicePlan): Generator<string> {
  for (const [name, old, current] of paired(before.revisions, now.revisions, (revision) => revision.name)) {
    if (old === undefined) yield `revision ${name} is new`;
    else if (current === undefined) yield `revision ${name} is gone`;
    else if (JSON.stringify(old.template) !== JSON.stringify(current.template)) {
      const isKnative = now.podHosts === undefined;
      yield `revision ${name} was restarted${isKnative ? " (on a cluster a changed revision needs a new name)" : ""}`;
    }
  }
  const changes = paired(before.traffic, now.traffic, targetName).flatMap(([name, old, current]) => {
    const [from, to] = [old?.percent ?? 0, current?.percent ?? 0];
    if (from !== to) return [`${name} ${from} → ${to} %`];
    return old?.revision === current?.revision ? [] : [`${name} is now ${current?.revision ?? "gone"}`];
  });
  if (changes.length > 0) yield `${now.name}: ${changes.join(", ")}`;
  if (before.visibility !== now.visibility) yield `${now.name} is ${now.visibility} now`;
}

function* describeVirtualServices(before: Configuration, now: Configuration): Generator<string> {
  const [old, current] = [before.resources.virtualServices, now.resources.virtualServices];
  for (const [name, from, to] of paired(old, current, objectName)) {
    if (from === undefined) yield `VirtualService ${name} is new`;
    else if (to === undefined) yield `VirtualService ${name} is gone`;
    else if (from !== to && JSON.stringify(from.value) !== JSON.stringify(to.value)) {
      const weights = [...describeWeights(from, to)];
      yield weights.length > 0 ? `${name}: ${weights.join(", ")}` : `VirtualService ${name} changed`;
    }
  }
}

/** Yields the weights that differ if nothing but weights does. */
function* describeWeights(from: Sourced<VirtualService>, to: Sourced<VirtualService>): Generator<string> {
  if (JSON.stringify(withoutWeights(from.value)) !== JSON.stringify(withoutWeights(to.value))) return;
  for (const [i, route] of to.value.spec.http.entries()) {
    for (const [j, { destination, weight = 0 }] of (route.route ?? []).entries()) {
      const old = from.value.spec.http[i]?.route?.[j]?.weight ?? 0;
      if (old !== weight) yield `${destinationName(destination)} weight ${old} → ${weight}`;
    }
  }
}

function withoutWeights(service: VirtualService): unknown {
  const http = service.spec.http.map((route) => ({
    ...route,
    route: route.route?.map((to) => ({ ...to, weight: 0 })),
  }));
  return { ...service, spec: { ...service.spec, http } };
}

function* describeOthers(
  kind: string,
  before: readonly Sourced<{ metadata: { name: string } }>[],
  now: readonly Sourced<{ metadata: { name: string } }>[],
): Generator<string> {
  for (const [name, old, current] of paired(before, now, objectName)) {
    if (old === undefined) yield `${kind} ${name} is new`;
    else if (current === undefined) yield `${kind} ${name} is gone`;
    else if (old !== current && JSON.stringify(old.value) !== JSON.stringify(current.value))
      yield `${kind} ${name} changed`;
  }
}

/** The rules that split traffic: those with more than one destination. */
export function splitRules(rules: readonly Rule[]): { rule: Rule; destinations: readonly Destination[] }[] {
  return rules.flatMap((rule) => {
    const { action } = rule;
    return action.kind === "forward" && action.destinations.length > 1
      ? [{ rule, destinations: action.destinations }]
      : [];
  });
}

function objectName({ value }: Sourced<{ metadata: { name: string } }>): string {
  return value.metadata.name;
}

/** Yields both sides of each key that may differ, in the order of first occurrence. */
function paired<T>(
  allBefore: readonly T[],
  allNow: readonly T[],
  key: (item: T) => string,
): [string, T | undefined, T | undefined][] {
  // An edit changes few of thousands of objects, so identical objects at either end are skipped.
  const longer = allNow.length - allBefore.length;
  const shorter = Math.min(allBefore.length, allNow.length);
  let [start, end] = [0, allBefore.length];
  while (start < shorter && allBefore[start] === allNow[start]) start++;
  while (end > start && end + longer > start && allBefore[end - 1] === allNow[end - 1 + longer]) end--;
  const [before, now] = [allBefore.slice(start, end), allNow.slice(start, end + longer)];
  const [old, current] = [new Map(before.map((x) => [key(x), x])), new Map(now.map((x) => [key(x), x]))];
  return [...new Set([...old.keys(), ...current.keys()])].map((name) => [
    name,
    old.get(name),
    current.get(name),
  ]);
}
