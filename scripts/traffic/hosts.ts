import type { ExternalNameService } from "../manifests/kinds/core.ts";
import type { Problem } from "../manifests/problem.ts";
import type { Sourced } from "../manifests/resources.ts";
import { didYouMean } from "../nearest.ts";
import type { KnativeServicePlan } from "./knative.ts";
import type { Backend, Listener } from "./table.ts";

export const CLUSTER_DOMAIN = "svc.cluster.local";

/** The Service in front of the ingress gateway's second port; Knative's cluster-local hosts resolve to it. */
export const LOCAL_GATEWAY_HOST = `knative-local-gateway.istio-system.${CLUSTER_DOMAIN}`;

/** The listeners that Gateways open, by `namespace/name`; the two of net-istio are there on every cluster. */
export const KNATIVE_GATEWAYS: Readonly<Record<string, Listener>> = {
  "knative-serving/knative-ingress-gateway": "ingress",
  "knative-serving/knative-local-gateway": "local-gateway",
};

/** A name as Istio reads it in an object of a namespace: without a dot it is a Service of that namespace. */
export function fullHost(host: string, namespace: string): string {
  return host.includes(".") || host === "*" ? host : `${host}.${namespace}.${CLUSTER_DOMAIN}`;
}

/** A cluster-local host and the shorter names that resolve to it from any namespace. */
export function clusterLocalNames(service: string, namespace: string): string[] {
  return [
    `${service}.${namespace}.${CLUSTER_DOMAIN}`,
    `${service}.${namespace}.svc`,
    `${service}.${namespace}`,
  ];
}

/** A host without its port, in lower case: what virtual hosts are looked up by. */
export function hostOf(authority: string): string {
  const host = authority.toLowerCase();
  if (host.startsWith("[")) return host.slice(0, host.indexOf("]") + 1);
  const colon = host.indexOf(":");
  return colon < 0 ? host : host.slice(0, colon);
}

/**
 * What stands behind each cluster-local host: a revision behind its own Service, the local gateway behind the hosts
 * that Knative makes, and behind an ExternalName whatever it names.
 */
export function clusterHosts(
  services: readonly KnativeServicePlan[],
  externalNames: readonly Sourced<ExternalNameService>[],
): { hosts: Map<string, Backend>; problems: Problem[] } {
  const hosts = new Map<string, Backend>([
    [LOCAL_GATEWAY_HOST, { kind: "listener", listener: "local-gateway" }],
  ]);
  const problems: Problem[] = [];
  for (const service of services) {
    for (const name of knativeHostNames(service))
      add(name, service.namespace, { kind: "listener", listener: "local-gateway" });
    for (const { name, namespace } of service.revisions) {
      add(name, namespace, { kind: "revision", revision: `${namespace}/${name}` });
    }
  }
  for (const { value, document } of externalNames) {
    const { name, namespace = "default" } = value.metadata;
    const target = hosts.get(value.spec.externalName.toLowerCase());
    if (target !== undefined) {
      add(name, namespace, target);
      continue;
    }
    problems.push({
      severity: "error",
      at: document.at(["spec", "externalName"]),
      field: "spec.externalName",
      message: `${value.spec.externalName} is no host of this mesh`,
      fix: didYouMean(value.spec.externalName, hosts.keys()),
    });
  }
  return { hosts, problems };

  function add(service: string, namespace: string, backend: Backend): void {
    for (const host of clusterLocalNames(service, namespace)) hosts.set(host, backend);
  }
}

/** The first labels of a Knative Service's hosts: its name, and `TAG-NAME` for each tag. */
export function knativeHostNames(service: KnativeServicePlan): string[] {
  const tags = service.traffic.flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
  return [service.name, ...tags.map((tag) => `${tag}-${service.name}`)];
}
