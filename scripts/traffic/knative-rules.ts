import { clusterLocalNames } from "./hosts.ts";
import { type KnativeServicePlan, shares } from "./knative.ts";
import { NO_CHANGE } from "./headers.ts";
import type { Destination, Listener, Rule } from "./table.ts";
import type { Position } from "../manifests/problem.ts";

/** Rules that hold for these hosts at these listeners. */
export interface HostRules {
  listener: Listener;
  hosts: string[];
  rules: Rule[];
}

/**
 * The routes that net-istio writes for a Knative Service: the split at its own host, and each tag at
 * `TAG-NAME`; for callers in the cluster, and for the public too unless the service is cluster-local.
 * (net-istio 1.20, pkg/reconciler/ingress/resources/virtual_service.go)
 * @param domain the domain of public services, as config-domain sets it
 */
export function knativeRules(service: KnativeServicePlan, domain: string): HostRules[] {
  const routes: HostRules[] = [];
  addHost(service.name, shares(service.traffic), service.at);
  for (const { tag, revision, at } of service.traffic) {
    if (tag !== undefined) addHost(`${tag}-${service.name}`, new Map([[revision, 100]]), at);
  }
  return routes;

  function addHost(name: string, weights: ReadonlyMap<string, number>, at: Position): void {
    const rules = [splitRule(service.namespace, weights, at)];
    const hosts = clusterLocalNames(name, service.namespace);
    routes.push({ listener: "mesh", hosts, rules }, { listener: "local-gateway", hosts, rules });
    if (service.visibility === "public") {
      routes.push({ listener: "ingress", hosts: [`${name}.${service.namespace}.${domain}`], rules });
    }
  }
}

function splitRule(namespace: string, weights: ReadonlyMap<string, number>, at: Position): Rule {
  const destinations = [...weights].map(([revision, percent]): Destination => {
    return {
      host: clusterLocalNames(revision, namespace)[0] as string,
      port: 80,
      subset: undefined,
      weight: percent,
      authority: undefined,
      request: {
        ...NO_CHANGE,
        set: [
          ["knative-serving-namespace", namespace],
          ["knative-serving-revision", revision],
        ],
      },
      response: NO_CHANGE,
      backend: { kind: "revision", revision: `${namespace}/${revision}` },
    };
  });
  return {
    at,
    matches: [],
    action: {
      kind: "forward",
      destinations,
      totalWeight: destinations.reduce((sum, { weight }) => sum + weight, 0),
      rewriteUri: undefined,
      rewriteRegex: undefined,
      fault: undefined,
      mirrors: [],
      timeoutMs: undefined,
      retry: { attempts: 0, perTryTimeoutMs: undefined, on: [] },
      request: NO_CHANGE,
      response: NO_CHANGE,
    },
  };
}
