import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Code } from "../../manifests/codes/codes.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import type { Resources, Sourced } from "../../manifests/resources.ts";
import { clusterHosts, fullHost } from "../hosts.ts";
import { type Binding, bindings, readGateways } from "../istio/gateways.ts";
import { virtualServiceRules } from "../istio/rules.ts";
import { readSubsets } from "../istio/subsets.ts";
import { areSeenTogether, GATEWAY_NAMESPACE, isSeenFrom } from "../istio/visibility.ts";
import { type KnativeServicePlan, planKnativeServices } from "./knative.ts";
import { type HostRules, knativeRules } from "./knative-rules.ts";
import type { Listener, RouteTable, Rule, VirtualHosts } from "../table.ts";

/** What a set of manifests means for traffic. */
export interface Plan {
  services: KnativeServicePlan[];
  table: RouteTable;
}

/**
 * Compiles manifests into the table that decides where each request goes.
 * @param domain the domain of public Knative Services
 * @returns the plan, to be used only when no problem is an error
 */
export function compilePlan(resources: Resources, domain: string): { plan: Plan; problems: Problem[] } {
  const { services, problems } = planKnativeServices(resources.knativeServices);
  const { plan, problems: others } = compileRoutes(services, resources, domain);
  return { plan, problems: [...problems, ...others] };
}

/**
 * The same where the Knative Services are known otherwise, as those of a cluster are.
 * @param ownSidecars hosts that lead back to the caller's own sidecar
 * @param callers the namespace of those who call through a sidecar: then `exportTo` counts, and the ingress gateway is in
 *   its usual namespace; without it every VirtualService holds everywhere, as on one machine
 */
export function compileRoutes(
  services: KnativeServicePlan[],
  resources: Pick<
    Resources,
    "virtualServices" | "gateways" | "destinationRules" | "externalNames" | "configFeatures"
  >,
  domain: string,
  ownSidecars: readonly string[] = [],
  callers?: string,
): { plan: Plan; problems: Problem[] } {
  const problems: Problem[] = [];
  const cluster = clusterHosts(services, resources.externalNames, ownSidecars);
  problems.push(...cluster.problems);
  const gateways = readGateways(resources.gateways, problems);
  const subsets = readSubsets(resources.destinationRules, services, cluster.hosts, problems);
  const byTagHeader = resources.configFeatures.some(
    ({ value }) => value.data["tag-header-based-routing"] === "enabled",
  );
  const routes = services.flatMap((service) => knativeRules(service, domain, byTagHeader));
  const claims = new Claims(routes, problems);
  for (const source of resources.virtualServices) {
    const { rules, problems: invalid } = virtualServiceRules(source, cluster.hosts, subsets);
    problems.push(...invalid);
    const bound = bindings(source, gateways, problems).filter(
      ({ listener }) =>
        callers === undefined || isSeenFrom(listener === "mesh" ? callers : GATEWAY_NAMESPACE, source.value),
    );
    claims.check(source, bound);
    for (const { gateway, listener, hosts } of bound) {
      routes.push({ listener, hosts, rules: rules.flatMap((rule) => rule.for(gateway, listener) ?? []) });
    }
  }
  const listeners: Record<Listener, VirtualHosts> = {
    ingress: virtualHosts(routes, "ingress"),
    "local-gateway": virtualHosts(routes, "local-gateway"),
    mesh: virtualHosts(routes, "mesh"),
  };
  return { plan: { services, table: { listeners, backends: cluster.hosts } }, problems };
}

/** Who has rules for a host, and who may not have any. */
class Claims {
  readonly #knative: ReadonlySet<string>;
  readonly #virtualServices = new Map<string, VirtualService[]>();
  readonly #problems: Problem[];

  constructor(knative: readonly HostRules[], problems: Problem[]) {
    this.#knative = new Set(knative.flatMap(({ hosts }) => hosts));
    this.#problems = problems;
  }

  check({ value, document }: Sourced<VirtualService>, bound: readonly Binding[]): void {
    const { namespace = "default" } = value.metadata;
    for (const [i, host] of value.spec.hosts.entries()) {
      const report = (code: Code, message: string, fix: string): void => {
        this.#problems.push(problemAt(code, document, ["spec", "hosts", i], { message, fix }));
      };
      const full = fullHost(host, namespace);
      if (host === "*" && bound.some(({ listener }) => listener === "mesh"))
        report(
          "no-wildcard-on-mesh",
          "the host * is not allowed for sidecars",
          "take mesh off the gateways, or name the hosts",
        );
      if (this.#knative.has(full)) {
        report(
          "own-host",
          `${host} belongs to Knative, which writes its own VirtualService for it`,
          "route a host of your own",
        );
      }
      const shared = bound.flatMap(({ listener, hosts }) => {
        if (!hosts.includes(full)) return [];
        const others = this.#virtualServices.get(`${listener} ${full}`) ?? [];
        const other = others.findLast((one) => areSeenTogether(one, value));
        if (other === undefined) return [];
        return [{ listener, other: `${other.metadata.namespace ?? "default"}/${other.metadata.name}` }];
      });
      const inMesh = shared.find(({ listener }) => listener === "mesh");
      if (inMesh !== undefined) {
        report(
          "one-virtual-service",
          `VirtualService ${inMesh.other} has rules for ${full} too, and sidecars take those of one only`,
          "write them in one VirtualService",
        );
      } else if (shared[0] !== undefined) {
        report(
          "shared-gateway-host",
          `VirtualService ${shared[0].other} has rules for ${full} too, and which of them go first is not defined`,
          "write them in one VirtualService",
        );
      }
    }
    for (const { listener, hosts } of bound) {
      for (const host of hosts) {
        const key = `${listener} ${host}`;
        const same = this.#virtualServices.get(key);
        if (same === undefined) this.#virtualServices.set(key, [value]);
        else same.push(value);
      }
    }
  }
}

function virtualHosts(routes: readonly HostRules[], listener: Listener): VirtualHosts {
  const byHost = new Map<string, Rule[]>();
  for (const route of routes) {
    if (route.listener !== listener) continue;
    for (const host of new Set(route.hosts)) byHost.set(host, [...(byHost.get(host) ?? []), ...route.rules]);
  }
  const any = byHost.get("*");
  byHost.delete("*");
  const wild = [...byHost].filter(([host]) => host.startsWith("*."));
  for (const [host] of wild) byHost.delete(host);
  const suffixes = wild.map(([host, rules]) => [host.slice(1), rules] as const);
  return { exact: byHost, suffixes: suffixes.sort(([a], [b]) => b.length - a.length), any };
}
