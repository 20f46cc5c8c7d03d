import { EVERY_REQUEST } from "../../route-fields/match/match.ts";
import { clusterLocalNames } from "../hosts.ts";
import { type ServicePlan, shares } from "./service-plan.ts";
import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import { type Destination, type ForwardAction, type Listener, type Rule } from "../table.ts";
import { plainForward } from "../plain-forward.ts";
import type { Position } from "../../manifests/problem.ts";

/** Rules for these hosts at these listeners. */
export interface HostRules {
  listener: Listener;
  hosts: string[];
  rules: Rule[];
  /** Whether the rule is the redirect to HTTPS of a server, which precedes all rules for its hosts. */
  isHttpsRedirect?: true;
}

// networking, pkg/http/header/header.go
const TAG_HEADER = "knative-serving-tag";
const DEFAULT_ROUTE_HEADER = "knative-serving-default-route";

/**
 * Returns the routes that net-istio creates for a Knative Service: the split at its own host, and each tag at
 * `TAG-NAME`; for callers in the cluster, and at the public gateway unless the service is cluster-local. (net-istio
 * 1.20, pkg/reconciler/ingress/resources/virtual_service.go)
 * @param domain the domain of public services, as set by config-domain
 * @param byTagHeader whether Knative's feature tag-header-based-routing is on: then the header Knative-Serving-Tag
 *   chooses a tag at the service's own host (serving, pkg/reconciler/route/resources/ingress.go)
 */
export function knativeRules(service: ServicePlan, domain: string, byTagHeader = false): HostRules[] {
  const { namespace } = service;
  const routes: HostRules[] = [];
  const tagged = service.traffic.flatMap(({ tag, revision, at }) => {
    return tag === undefined ? [] : [{ tag, weights: new Map([[revision, 100]]), at }];
  });
  const split = splitRule(namespace, shares(service.traffic), service.at);
  if (!byTagHeader) addHost(service.name, [split]);
  else {
    const chosen = tagged.map(({ tag, weights, at }): Rule => {
      const headers = [[TAG_HEADER, { kind: "exact", value: tag }]] as const;
      return { ...splitRule(namespace, weights, at), matches: [{ ...EVERY_REQUEST, headers }] };
    });
    addHost(service.name, [...chosen, setting(split, DEFAULT_ROUTE_HEADER, "true")]);
  }
  for (const { tag, weights, at } of tagged) {
    const rule = splitRule(namespace, weights, at);
    addHost(`${tag}-${service.name}`, [byTagHeader ? setting(rule, TAG_HEADER, tag) : rule]);
  }
  return routes;

  function addHost(name: string, rules: Rule[]): void {
    const hosts = clusterLocalNames(name, namespace);
    routes.push({ listener: "mesh", hosts, rules }, { listener: "local-gateway", hosts, rules });
    if (service.visibility === "public") {
      routes.push({ listener: "ingress", hosts: [`${name}.${namespace}.${domain}`], rules });
    }
  }
}

function setting(rule: Rule & { action: ForwardAction }, name: string, value: string): Rule {
  return { ...rule, action: { ...rule.action, request: { ...NO_CHANGE, set: [[name, value]] } } };
}

function splitRule(
  namespace: string,
  weights: ReadonlyMap<string, number>,
  at: Position,
): Rule & { action: ForwardAction } {
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
  return { at, matches: [], action: plainForward(destinations) };
}
