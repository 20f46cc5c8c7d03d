import { type ManifestDocument, parseDocuments } from "../../../manifests/document.ts";
import { collectResources, type Resources, type Sourced } from "../../../manifests/resources.ts";
import type { VirtualService } from "../../../manifests/kinds/istio-virtual-service.ts";
import { CLUSTER_DOMAIN, coversHost, fullHost, KNATIVE_GATEWAYS } from "../../hosts.ts";
import { serviceHost } from "./plain-service.ts";
import { gatewayName } from "../../../route-fields/match/compile.ts";

/** An object that a side refers to without describing it. */
export interface Borrowed {
  what: string;
  file: string;
  /** `namespace/name` of a Knative Service. */
  service: string | undefined;
}

interface Named {
  value: { kind: string; metadata: { name: string; namespace?: string | undefined } };
}

/** Adds the objects that a side refers to, each from the first of the others that describes it. */
export function borrow(
  side: Resources,
  others: readonly Resources[],
): { resources: Resources; borrowedObjects: Borrowed[]; assumed: string[] } {
  const borrowedObjects: Borrowed[] = [];
  const assumed: string[] = [];
  const resources: Resources = { ...side };
  const hosts = new Set(side.virtualServices.flatMap(hostsNamed));
  const ruled = side.destinationRules.map(hostOf);
  const ownRules = new Set(side.destinationRules.map(({ value }) => value.metadata.name));
  const ownGateways = new Set(side.gateways.map(({ value }) => value.metadata.name));
  const unruled = [...hosts].filter((host) => !ruled.some((pattern) => coversHost(pattern, host)));
  for (const other of others) {
    resources.knativeServices = missing(resources.knativeServices, other.knativeServices, (states) =>
      states.some((state) => [...namesOf(state)].some((name) => hosts.has(name))),
    );
    resources.externalNames = missing(resources.externalNames, other.externalNames, ([source]) =>
      source === undefined ? false : hosts.has(fullHost(source.value.metadata.name, namespaceOf(source))),
    );
    resources.destinationRules = missing(
      resources.destinationRules,
      other.destinationRules,
      // If the side has a rule of the same name, that rule is the other's, moved to another host or namespace.
      (sources) =>
        sources.every((source) => !ownRules.has(source.value.metadata.name)) &&
        sources.some((source) => unruled.some((host) => coversHost(hostOf(source), host))),
      hostOf,
    );
    resources.gateways = missing(
      resources.gateways,
      other.gateways,
      // As with DestinationRules, one of the side's own with the same name is the other's, moved to another namespace.
      ([source]) =>
        source !== undefined &&
        gatewaysNamed(side).has(keyOf(source)) &&
        !ownGateways.has(source.value.metadata.name),
    );
    const delegates = delegatesNamed(resources.virtualServices);
    resources.virtualServices = missing(
      resources.virtualServices,
      other.virtualServices,
      ([source]) =>
        source !== undefined && source.value.spec.hosts.length === 0 && delegates.has(keyOf(source)),
    );
    resources.configFeatures = missing(resources.configFeatures, other.configFeatures, () => true);
  }
  const known = new Set([...resources.gateways.map(keyOf), ...Object.keys(KNATIVE_GATEWAYS), "mesh"]);
  const ports = portsAsked([side, ...others]);
  for (const gateway of gatewaysNamed(side)) {
    if (known.has(gateway)) continue;
    assumed.push(gateway);
    resources.gateways = [...resources.gateways, ...openGateway(gateway, ports)];
  }
  return { resources, borrowedObjects, assumed };

  function missing<T extends Sourced<Named["value"]>>(
    own: T[],
    theirs: readonly T[],
    isNamed: (sources: readonly T[]) => boolean,
    of: (source: T) => string = keyOf,
  ): T[] {
    const there = new Set(own.map(of));
    const groups = [...Map.groupBy(theirs, of)].filter(
      ([key, sources]) => !there.has(key) && isNamed(sources),
    );
    for (const [, sources] of groups) {
      const key = keyOf(sources[0] as T);
      const { kind } = (sources[0] as T).value;
      const isService =
        (sources[0] as T).document.value !== undefined && kind === "Service" && isKnative(sources[0] as T);
      const file = [...new Set(sources.map(({ document }) => document.file))].join(", ");
      borrowedObjects.push({
        what: `${isService ? "Knative Service" : kind} ${key}`,
        file,
        service: isService ? key : undefined,
      });
    }
    return [...own, ...groups.flatMap(([, sources]) => sources)];
  }
}

function isKnative({ value }: Sourced<Named["value"]>): boolean {
  return "apiVersion" in value && String(value.apiVersion).startsWith("serving.knative.dev/");
}

function keyOf(source: Named): string {
  return `${namespaceOf(source)}/${source.value.metadata.name}`;
}

function namespaceOf({ value }: Named): string {
  return value.metadata.namespace ?? "default";
}

function hostOf(source: Resources["destinationRules"][number]): string {
  return fullHost(source.value.spec.host, namespaceOf(source));
}

/** Returns the hosts that the rules of a VirtualService forward to or set as authority. */
export function hostsNamed({ value }: Sourced<VirtualService>): string[] {
  const { namespace = "default" } = value.metadata;
  return value.spec.http.flatMap((route) => {
    const copies = [route.mirror, ...(route.mirrors ?? []).map(({ destination }) => destination)];
    const sent = [...(route.route ?? []).map(({ destination }) => destination), ...copies];
    const under = [
      route.rewrite?.authority,
      ...[route.headers, ...(route.route ?? []).map(({ headers }) => headers)].flatMap((headers) =>
        Object.entries(headers?.request?.set ?? {}).flatMap(([name, host]) =>
          name.toLowerCase() === "host" ? [host] : [],
        ),
      ),
    ];
    return [...sent.map((destination) => destination?.host), ...under].flatMap((host) =>
      host === undefined ? [] : [fullHost(host, namespace)],
    );
  });
}

/**
 * Returns a sentence for each Service that only one side describes and whose host the other does not name. (A Service
 * that the other side names is assumed to be the same there.)
 */
export function servicesAlone(
  name: string,
  own: readonly ManifestDocument[],
  others: readonly ManifestDocument[],
  { virtualServices, destinationRules }: Resources,
): string[] {
  const named = new Set([
    ...others.map(serviceHost),
    ...virtualServices.flatMap(hostsNamed),
    ...virtualServices.flatMap(({ value: { metadata, spec } }) =>
      spec.hosts.map((host) => fullHost(host, metadata.namespace ?? "default")),
    ),
    ...destinationRules.map(({ value: { metadata, spec } }) =>
      fullHost(spec.host, metadata.namespace ?? "default"),
    ),
  ]);
  return own.flatMap((document) => {
    const host = serviceHost(document);
    if (host === undefined || named.has(host)) return [];
    return [`the Service ${host} is only in ${name}, and its effect on requests is not compared`];
  });
}

/** Returns the hosts of a Knative Service that one state of it shows: its own, its tags' and its revisions'. */
function namesOf({ value }: Resources["knativeServices"][number]): Set<string> {
  const { name, namespace = "default" } = value.metadata;
  const targets = value.spec.traffic ?? [];
  const first = [
    name,
    ...targets.flatMap(({ tag, revisionName }) => [
      ...(tag === undefined ? [] : [`${tag}-${name}`]),
      ...(revisionName === undefined ? [] : [revisionName]),
    ]),
    ...(value.spec.template.metadata?.name === undefined ? [] : [value.spec.template.metadata.name]),
  ];
  return new Set(first.map((label) => `${label}.${namespace}.${CLUSTER_DOMAIN}`));
}

/** Returns the delegates that rules name, as `namespace/name`. */
function delegatesNamed(virtualServices: readonly Sourced<VirtualService>[]): Set<string> {
  return new Set(
    virtualServices.flatMap(({ value }) =>
      value.spec.http.flatMap(({ delegate }) =>
        delegate === undefined
          ? []
          : [`${delegate.namespace ?? value.metadata.namespace ?? "default"}/${delegate.name ?? ""}`],
      ),
    ),
  );
}

function gatewaysNamed({ virtualServices }: Resources): Set<string> {
  return new Set(
    virtualServices.flatMap(({ value }) =>
      (value.spec.gateways ?? []).map((name) => gatewayName(name, value.metadata.namespace ?? "default")),
    ),
  );
}

/** Returns the ports that rules match on, and one that no rule matches on. */
function portsAsked(sides: readonly Resources[]): number[] {
  const asked = new Set(
    sides.flatMap(({ virtualServices }) =>
      virtualServices.flatMap(({ value }) =>
        value.spec.http.flatMap(({ match = [] }) =>
          match.flatMap(({ port = 0 }) => (port === 0 ? [] : [port])),
        ),
      ),
    ),
  );
  let other = 80;
  while (asked.has(other)) other++;
  return [other, ...asked];
}

/**
 * Returns a Gateway that serves every host at some ports.
 * @param key `namespace/name`, where the name may be reserved to Istio itself
 */
function openGateway(key: string, ports: readonly number[]): Resources["gateways"] {
  const [namespace = "", name = ""] = key.split("/");
  const servers = ports.map(
    (number) => `{port: {number: ${number}, name: http-${number}, protocol: HTTP}, hosts: ["*"]}`,
  );
  const text = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: assumed}
spec:
  selector: {istio: ingressgateway}
  servers: [${servers.join(", ")}]
`;
  const { gateways } = collectResources(parseDocuments("(taken for granted)", text).documents).resources;
  return gateways.map((source) => ({
    ...source,
    value: { ...source.value, metadata: { ...source.value.metadata, name, namespace } },
  }));
}
