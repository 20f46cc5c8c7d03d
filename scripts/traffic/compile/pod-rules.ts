import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import { DEFAULT_RETRY } from "../../route-fields/retries/retries.ts";
import { clusterLocalNames } from "../hosts.ts";
import { plainForward } from "../plain-forward.ts";
import { podBackends } from "../pods.ts";
import type { Destination } from "../table.ts";
import type { HostRules } from "./knative-rules.ts";
import type { ServicePlan } from "./service-plan.ts";

/**
 * Returns the routes of sidecars to the hosts of Kubernetes Services without a VirtualService: evenly to all pods.
 * (istio 1.31, pilot/pkg/networking/core/httproute.go, buildDefaultHTTPOutboundRoute)
 * @param others the rules of VirtualServices, which replace these
 */
export function podRules(services: readonly ServicePlan[], others: readonly HostRules[]): HostRules[] {
  const ruled = others.flatMap(({ listener, hosts }) => (listener === "mesh" ? hosts : []));
  const exact = new Set(ruled);
  const ends = ruled.filter((host) => host.startsWith("*")).map((host) => host.slice(1));
  return services
    .flatMap(rulesOf)
    .filter(({ hosts }) => !hosts.some((host) => exact.has(host) || ends.some((end) => host.endsWith(end))));
}

function rulesOf({ namespace, podHosts = [] }: ServicePlan): HostRules[] {
  return podHosts.map(({ name, pods, ports, at }) => {
    const hosts = clusterLocalNames(name, namespace);
    const destinations = podBackends(pods, namespace, name).map(({ backend, weight }): Destination => ({
      host: hosts[0] ?? name,
      port: ports[0] ?? 80,
      subset: undefined,
      weight,
      authority: undefined,
      request: NO_CHANGE,
      response: NO_CHANGE,
      backend,
    }));
    const action = { ...plainForward(destinations), retry: DEFAULT_RETRY };
    return { listener: "mesh", hosts, rules: [{ at, matches: [], action }] };
  });
}
