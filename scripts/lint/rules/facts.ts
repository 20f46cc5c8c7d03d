import { CLUSTER_DOMAIN, fullHost } from "../../traffic/hosts.ts";
import type { KnativeService } from "../../manifests/kinds/knative-service.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Partially } from "../../manifests/validate.ts";
import type { HTTPRoute } from "../../route-fields/families.ts";
import { namespaceOf, type Objects, type Sourced } from "./read-objects.ts";

/** A Knative Service, from its states in the files. */
export interface Service {
  name: string;
  namespace: string;
  states: Sourced<KnativeService>[];
  /** The revisions that a template or the traffic block names. */
  revisions: Set<string>;
  /** The revisions in the traffic block in force; undefined if all requests go to the latest. */
  routed: Set<string> | undefined;
  tags: string[];
}

/** Facts that several rules need. */
export interface Facts {
  objects: Objects;
  services: Service[];
  /** The Knative Service of each host that Knative creates, by the full name of the host. */
  knativeHosts: ReadonlyMap<string, Service>;
  /** The ports of each Kubernetes Service, by the full name of its host; empty if they are unknown. */
  serviceHosts: ReadonlyMap<string, readonly number[]>;
  /** The Knative Service and revision of a revision's own Service, by the full name of the host. */
  revisionHosts: ReadonlyMap<string, { service: Service; revision: string }>;
}

export function factsOf(objects: Objects): Facts {
  const byName = Map.groupBy(
    objects.knativeServices,
    (source) => `${namespaceOf(source)}/${source.value.metadata.name}`,
  );
  const services = [...byName.values()].map(serviceOf);
  const knativeHosts = services.flatMap((service) =>
    [service.name, ...service.tags.map((tag) => `${tag}-${service.name}`)].map(
      (label) => [`${label}.${service.namespace}.${CLUSTER_DOMAIN}`, service] as const,
    ),
  );
  const revisionHosts = services.flatMap((service) =>
    [...service.revisions].map(
      (revision) => [`${revision}.${service.namespace}.${CLUSTER_DOMAIN}`, { service, revision }] as const,
    ),
  );
  const serviceHosts = objects.services.map(
    ({ name, namespace, ports }) => [hostFrom(name, namespace), ports] as const,
  );
  return {
    objects,
    services,
    serviceHosts: new Map(serviceHosts),
    knativeHosts: new Map(knativeHosts),
    revisionHosts: new Map(revisionHosts),
  };
}

function serviceOf(states: Sourced<KnativeService>[]): Service {
  const last = states.at(-1) as Sourced<KnativeService>;
  const { name } = last.value.metadata;
  const generated = (i: number): string => `${name}-${String(i + 1).padStart(5, "0")}`;
  const described = states.map(({ value }, i) => value.spec?.template?.metadata?.name ?? generated(i));
  const latest = described.at(-1) as string;
  const traffic = last.value.spec?.traffic;
  const named = traffic?.map(({ revisionName }) => revisionName ?? latest);
  return {
    name,
    namespace: namespaceOf(last),
    states,
    revisions: new Set([...described, ...(named ?? [])]),
    routed: named === undefined ? new Set([latest]) : new Set(named),
    tags: (traffic ?? []).flatMap(({ tag }) => tag ?? []),
  };
}

/** A rule of a VirtualService, and its path. */
export interface RouteAt {
  source: Sourced<VirtualService>;
  route: Partially<HTTPRoute>;
  path: readonly ["spec", "http", number];
  namespace: string;
}

export function routesOf({ virtualServices }: Objects): RouteAt[] {
  return virtualServices.flatMap((source) =>
    (source.value.spec?.http ?? []).map((route, i): RouteAt => ({
      source,
      route,
      path: ["spec", "http", i],
      namespace: namespaceOf(source),
    })),
  );
}

/** A destination's host in full. */
export function hostFrom(host: string, namespace: string): string {
  return fullHost(host, namespace);
}

/** The value of a header in a map of headers to set, by its name in any case. */
export function headerIn(
  set: Readonly<Record<string, string | undefined>> | undefined,
  name: string,
): string | undefined {
  return Object.entries(set ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}
