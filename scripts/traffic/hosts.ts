import type { ExternalNameService } from "../manifests/kinds/core.ts";
import { type Position, type Problem, problemAt } from "../manifests/problem.ts";
import type { Sourced } from "../manifests/resources.ts";
import { nearest } from "../nearest.ts";
import type { ServicePlan } from "./compile/service-plan.ts";
import { podBackends } from "./pods.ts";
import type { Backend, Listener } from "./table.ts";

export const CLUSTER_DOMAIN = "svc.cluster.local";

/** The domain of public hosts on one machine. Browsers and curl resolve every name below it to loopback. */
export const LOCAL_DOMAIN = "localhost";

/** Whether a host is local to this machine. */
export function isLocalName(host: string): boolean {
  return host === "127.0.0.1" || host === LOCAL_DOMAIN || host.endsWith(`.${LOCAL_DOMAIN}`);
}

/** Returns a name by which this machine reaches a host. */
export function localName(host: string): string {
  return isLocalName(host) ? host : `${host}.${LOCAL_DOMAIN}`;
}

/** The Service in front of the ingress gateway's second port; Knative's cluster-local hosts resolve to it. */
const LOCAL_GATEWAY_HOST = `knative-local-gateway.istio-system.${CLUSTER_DOMAIN}`;

/** The listeners that Gateways open, by `namespace/name`; net-istio's two Gateways exist on every cluster. */
export const KNATIVE_GATEWAYS: Readonly<Record<string, Listener>> = {
  "knative-serving/knative-ingress-gateway": "ingress",
  "knative-serving/knative-local-gateway": "local-gateway",
};

/** Resolves a name as Istio does in an object of a namespace: without a dot it is a Service of that namespace. */
export function fullHost(host: string, namespace: string): string {
  return host.includes(".") || host === "*" ? host : `${host}.${namespace}.${CLUSTER_DOMAIN}`;
}

/** Whether a pattern covers a host: its own name, or a wildcard such as `*.shop.example` at its beginning. */
export function coversHost(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith("*") && host.endsWith(pattern.slice(1)));
}

/** Returns the lookup of values by pattern: a host has the value of its own name, or else of its longest wildcard. */
export function byLongestPattern<T>(values: ReadonlyMap<string, T>): (host: string) => T | undefined {
  const wildcards = [...values.keys()]
    .filter((pattern) => pattern.startsWith("*"))
    .toSorted((a, b) => b.length - a.length);
  return (host) => {
    const own = values.get(host);
    if (own !== undefined) return own;
    const wild = wildcards.find((pattern) => coversHost(pattern, host));
    return wild === undefined ? undefined : values.get(wild);
  };
}

/** Returns the first label of a host, as destinations are named in messages. */
export function shortHost(host: string): string {
  return host.split(".")[0] ?? host;
}

/** Returns the name of a destination for messages: `reviews`, or `reviews v2` for a subset. */
export function destinationName({ host, subset }: { host: string; subset?: string | undefined }): string {
  return subset === undefined ? shortHost(host) : `${shortHost(host)} ${subset}`;
}

/** Returns a cluster-local host and the shorter names that resolve to it from any namespace. */
export function clusterLocalNames(service: string, namespace: string): string[] {
  return [
    `${service}.${namespace}.${CLUSTER_DOMAIN}`,
    `${service}.${namespace}.svc`,
    `${service}.${namespace}`,
  ];
}

/** Returns a host without its port, in lower case, as virtual hosts are looked up. */
export function hostOf(authority: string): string {
  const host = authority.toLowerCase();
  if (host.startsWith("[")) return host.slice(0, host.indexOf("]") + 1);
  const colon = host.indexOf(":");
  return colon < 0 ? host : host.slice(0, colon);
}

/** Returns the full name of each host of pods whose first label is unique. */
export function shortHosts(services: readonly ServicePlan[]): Map<string, string> {
  const hosts = services.flatMap(({ namespace, podHosts = [] }) =>
    podHosts.map(({ name }) => [name, fullHost(name, namespace)] as const),
  );
  const byName = Map.groupBy(hosts, ([name]) => name);
  return new Map(hosts.filter(([name]) => byName.get(name)?.length === 1));
}

/**
 * Returns the backend of each cluster-local host: the revision for its own Service, the local gateway for the hosts
 * that Knative creates, the first Deployment behind a Kubernetes Service, and for an ExternalName the backend of its
 * target.
 * @param ownSidecars hosts that lead back to the caller's own sidecar, where the request is routed again by its Host
 */
export function clusterHosts(
  services: readonly ServicePlan[],
  externalNames: readonly Sourced<ExternalNameService>[],
  ownSidecars: readonly string[] = [],
): { hosts: Map<string, Backend>; problems: Problem[] } {
  const hosts = new Map<string, Backend>([
    [LOCAL_GATEWAY_HOST, { kind: "listener", listener: "local-gateway" }],
    ...ownSidecars.map((host) => [host, { kind: "listener", listener: "mesh" }] as const),
  ]);
  const problems: Problem[] = [];
  for (const service of services) {
    const { namespace, at, podHosts } = service;
    for (const { name, pods, at } of podHosts ?? []) {
      const [{ backend }] = podBackends(pods, namespace, name);
      add(name, namespace, backend, at, "metadata.name");
    }
    if (podHosts !== undefined) continue;
    for (const name of new Set(knativeHostNames(service)))
      add(name, namespace, { kind: "listener", listener: "local-gateway" }, at, "spec.traffic");
    for (const [name, { at }] of new Map(service.revisions.map((revision) => [revision.name, revision]))) {
      const backend = { kind: "revision", revision: `${namespace}/${name}` } as const;
      add(name, namespace, backend, at, "spec.template.metadata.name");
    }
  }
  for (const { value, document } of externalNames) {
    const { name, namespace = "default" } = value.metadata;
    const { externalName } = value.spec;
    const backend = externalName.endsWith(`.${CLUSTER_DOMAIN}`) ? hosts.get(externalName) : undefined;
    if (backend !== undefined) {
      add(name, namespace, backend, document.at(["metadata", "name"]), "metadata.name");
      continue;
    }
    problems.push(
      problemAt("external-name", document, ["spec", "externalName"], {
        message: `${externalName} is not a host of this mesh`,
        name: externalName,
        ...hostAdvice(externalName, hosts),
      }),
    );
  }
  return { hosts, problems };

  function add(service: string, namespace: string, backend: Backend, at: Position, field: string): void {
    const names = clusterLocalNames(service, namespace);
    const [full] = names as [string];
    if (hosts.has(full)) {
      const message = `two Services would have the name ${full}`;
      const fix = "Knative makes one for each service, tag and revision: choose another name";
      problems.push({ code: "service-name-taken", severity: "error", at, field, message, fix, name: full });
    }
    for (const host of names) hosts.set(host, backend);
  }
}

/** Returns advice for an unknown host. */
export function hostAdvice(
  host: string,
  hosts: ReadonlyMap<string, unknown>,
): { fix: string; near: string | undefined } {
  const known = [...hosts.keys()].filter((name) => name.endsWith(`.${CLUSTER_DOMAIN}`));
  const meant = known.find((name) => name.startsWith(`${host}.`));
  if (meant !== undefined) return { fix: `write its full name, ${meant}`, near: undefined };
  // The common suffix of all names would make any two of them similar.
  const start = (name: string): string => name.replace(`.${CLUSTER_DOMAIN}`, "");
  const similar = nearest(start(host), known.map(start));
  if (similar === undefined) {
    const isNoneOwn = known.every((name) => name === LOCAL_GATEWAY_HOST);
    return { fix: isNoneOwn ? "add its Service" : `known are ${known.join(", ")}`, near: undefined };
  }
  const near = `${similar}.${CLUSTER_DOMAIN}`;
  return { fix: `did you mean ${near}?`, near };
}

/** Returns the first labels of a Knative Service's hosts: its name, and `TAG-NAME` for each tag. */
export function knativeHostNames(service: ServicePlan): string[] {
  const tags = service.traffic.flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
  return [service.name, ...tags.map((tag) => `${tag}-${service.name}`)];
}
