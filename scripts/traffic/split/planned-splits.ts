import type { HTTPRouteDestination } from "../../route-fields/destinations/destinations.ts";
import type { HTTPRoute } from "../../route-fields/families.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Position } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import type { Plan } from "../compile/compile.ts";
import { bucketTargets } from "./bucket-rules.ts";
import { findBucketRules } from "./find-bucket-rules.ts";
import { destinationOf, percentsOf, type WeightedService } from "./weights.ts";
import { clusterLocalNames, fullHost, hostOf } from "../hosts.ts";
import type { ServicePlan } from "../compile/service-plan.ts";
import type { Backend, Destination, RouteTable, Rule } from "../table.ts";
import { BY_REPLICAS, SPLIT_OWNERS, type SplitOwner } from "../split-owner.ts";

/** One entry of a planned split. */
export interface PlannedTarget {
  revision: string;
  tag: string | undefined;
  /** From 0 to 100. */
  percent: number;
  /** Whether the target follows the latest ready revision. */
  latest: boolean;
}

/** A split of requests between the revisions of one service. */
export interface PlannedSplit {
  by: SplitOwner;
  /** The object that defines it, such as `VirtualService checkout`. */
  object: string;
  at: Position;
  /**
   * Whether this split decides for the service's ordinary requests: a VirtualService takes precedence over Knative.
   */
  deciding: boolean;
  targets: PlannedTarget[];
  /** The header whose buckets decide; undefined if each request is drawn by weight. */
  header?: string;
  /** The rules of the table that implement it. */
  rules: Rule[];
}

/** Returns the splits of a service, the deciding one first. Each service has at least its own. */
export function splitsOf(
  service: ServicePlan,
  plan: Plan,
  virtualServices: readonly Sourced<VirtualService>[],
): PlannedSplit[] {
  const rules = rulesByPlace(plan.table);
  const weighted = virtualServices.flatMap((source) => [
    ...bucketSplits(service, source, rules),
    ...weightedSplits(service, source, plan.table, rules),
  ]);
  const byService: PlannedSplit = {
    by: service.podHosts === undefined ? SPLIT_OWNERS.knative : BY_REPLICAS,
    object: `Service ${service.name}`,
    at: service.at,
    deciding: weighted.length === 0,
    targets: service.traffic.map(({ revision, tag, percent, latest }) => ({
      revision,
      tag,
      percent,
      latest,
    })),
    rules: rules.get(placeOf(service.at)) ?? [],
  };
  return [...weighted.map((split, i) => ({ ...split, deciding: i === 0 })), byService];
}

/** Formats a position as `file:line`. */
export function lineOf({ file, line }: Position): string {
  return `${file}:${line}`;
}

/** Returns a service of the plan, with the names that VirtualServices can use for it. */
export function weightedServiceOf(service: ServicePlan): WeightedService {
  const { name, namespace, revisions, traffic, podHosts } = service;
  if (podHosts !== undefined) {
    const names = traffic.map((target) => writtenTarget(service, target).revision);
    const areServices = podHosts.some((host) => host.name !== name && names.includes(host.name));
    const revisionsAre = areServices ? "services" : "subsets";
    return { name, namespace, revisions: names, tags: new Map(), revisionsAre };
  }
  const tags = traffic.flatMap(({ tag, revision }) => (tag === undefined ? [] : [[tag, revision] as const]));
  return { name, namespace, revisions: revisions.map((revision) => revision.name), tags: new Map(tags) };
}

/**
 * Returns a target as destinations name it. Deployments are named by their subset, or by the Service of their
 * version, which is their tag in the plan.
 */
export function writtenTarget<T extends Pick<PlannedTarget, "revision" | "tag">>(
  service: ServicePlan,
  target: T,
): T {
  if (service.podHosts === undefined) return target;
  const name = target.tag ?? tagOf(service, target.revision) ?? target.revision;
  return { ...target, revision: name, tag: undefined };
}

/** The inverse of {@link writtenTarget}. */
export function ownTarget<T extends Pick<PlannedTarget, "revision" | "tag">>(
  { podHosts, traffic }: ServicePlan,
  target: T,
): T {
  const named = podHosts && traffic.find(({ tag }) => tag === target.revision);
  return named === undefined ? target : { ...target, revision: named.revision, tag: named.tag };
}

function bucketSplits(
  service: ServicePlan,
  { value, document }: Sourced<VirtualService>,
  rules: ReadonlyMap<string, Rule[]>,
): PlannedSplit[] {
  const { http } = value.spec;
  const found = findBucketRules(http);
  // A short host is one of the VirtualService's own namespace.
  if (found === undefined || (value.metadata.namespace ?? "default") !== service.namespace) return [];
  const targets = bucketTargets(http, found, weightedServiceOf(service));
  if (targets === undefined) return [];
  const { header, first, last } = found;
  const places = http.map((_, i) => document.at(["spec", "http", i]));
  const compiled = places.slice(first, last + 1).flatMap((at) => rules.get(placeOf(at)) ?? []);
  const at = places[first];
  if (compiled.length === 0 || at === undefined) return [];
  return [
    {
      by: SPLIT_OWNERS.istio,
      object: `VirtualService ${value.metadata.name}`,
      at,
      deciding: false,
      targets: targets.map(({ revision, percent }) => targetOf(service, revision, percent)),
      header,
      rules: compiled,
    },
  ];
}

function weightedSplits(
  service: ServicePlan,
  { value, document }: Sourced<VirtualService>,
  table: RouteTable,
  rules: ReadonlyMap<string, Rule[]>,
): PlannedSplit[] {
  const namespace = value.metadata.namespace ?? "default";
  const deployed = service.podHosts && weightedServiceOf(service);
  if (deployed !== undefined && namespace !== service.namespace) return [];
  return value.spec.http.flatMap((route, i): PlannedSplit[] => {
    const written = route.route ?? [];
    // For Deployments a single destination is a split as well: one that gives all requests to it.
    const isForAll = deployed !== undefined && (route.match ?? []).length === 0;
    if (written.length < (isForAll ? 1 : 2)) return [];
    const at = document.at(["spec", "http", i]);
    const compiled = rules.get(placeOf(at)) ?? [];
    const action = compiled[0]?.action;
    // A table has the destinations with a weight, in their order.
    const weighted = (action?.kind === "forward" ? action.destinations : []).values();
    const revisions = written.map((to) => {
      if (deployed !== undefined) return destinationOf(to, deployed)?.revision;
      const known = to.weight ? weighted.next().value : unweighted(to, route, namespace, table);
      return known && revisionOf(known, service);
    });
    if (compiled.length === 0 || !revisions.every((revision) => revision !== undefined)) return [];
    const percents = percentsOf(written.map(({ weight = 0 }) => weight));
    return [
      {
        by: SPLIT_OWNERS.istio,
        object: `VirtualService ${value.metadata.name}`,
        at,
        deciding: false,
        targets: percents.map((percent, j) => targetOf(service, revisions[j] as string, percent)),
        rules: compiled,
      },
    ];
  });
}

/** Returns the target of a destination. @param name of the revision in the destination */
function targetOf(service: ServicePlan, name: string, percent: number): PlannedTarget {
  return ownTarget(service, { revision: name, tag: tagOf(service, name), percent, latest: false });
}

/** Returns the revision of this service that a destination names: by its own Service, or by a tag's host. */
function revisionOf(
  { authority, backend }: { authority: string | undefined; backend: Backend | undefined },
  service: ServicePlan,
): string | undefined {
  if (backend?.kind === "revision") {
    return service.revisions.find(({ name, namespace }) => `${namespace}/${name}` === backend.revision)?.name;
  }
  if (authority === undefined) return undefined;
  const host = hostOf(authority);
  return service.traffic.find(({ tag }) => {
    return tag !== undefined && clusterLocalNames(`${tag}-${service.name}`, service.namespace).includes(host);
  })?.revision;
}

function tagOf(service: ServicePlan, revision: string): string | undefined {
  return service.traffic.find((target) => target.revision === revision && target.tag !== undefined)?.tag;
}

function unweighted(
  { destination, headers }: HTTPRouteDestination,
  route: HTTPRoute,
  namespace: string,
  table: RouteTable,
): Pick<Destination, "authority"> & { backend: Backend | undefined } {
  return {
    backend: table.backends.get(fullHost(destination.host, namespace)),
    authority:
      route.rewrite?.authority ??
      hostHeader(headers?.request?.set) ??
      hostHeader(route.headers?.request?.set),
  };
}

function hostHeader(set: Readonly<Record<string, string>> | undefined): string | undefined {
  return Object.entries(set ?? {}).find(([name]) => name.toLowerCase() === "host")?.[1];
}

/** Cached by table: each service of a plan needs its rules. */
const PLACES = new WeakMap<RouteTable, ReadonlyMap<string, Rule[]>>();

/** Returns the rules of a table by their position in the files; one position has a rule for each gateway. */
function rulesByPlace(table: RouteTable): ReadonlyMap<string, Rule[]> {
  const known = PLACES.get(table);
  if (known !== undefined) return known;
  const all = new Set<Rule>();
  for (const { exact, suffixes, any } of Object.values(table.listeners).filter(
    (hosts) => hosts !== undefined,
  )) {
    for (const rules of [...exact.values(), ...suffixes.map(([, rules]) => rules), any ?? []]) {
      for (const rule of rules) all.add(rule);
    }
  }
  const places = Map.groupBy(all, ({ at }) => placeOf(at));
  PLACES.set(table, places);
  return places;
}

function placeOf({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}
