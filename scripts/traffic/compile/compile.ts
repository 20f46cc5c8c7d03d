import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Resources, Sourced } from "../../manifests/resources.ts";
import { clusterHosts, shortHosts } from "../hosts.ts";
import { type Binding, bindings, type KnownServer, readGateways } from "../istio/gateways.ts";
import { readHashPolicies } from "../istio/hash-policies.ts";
import { virtualServiceRules } from "../istio/rules.ts";
import { readSubsets, type Subsets } from "../istio/subsets.ts";
import { GATEWAY_NAMESPACE, isSeenFrom } from "../istio/visibility.ts";
import { redirectsOf, toHttps } from "./https-redirects.ts";
import { HostClaims, type SharedHosts } from "./host-claims.ts";
import { planKnativeServices } from "./knative.ts";
import type { ServicePlan } from "./service-plan.ts";
import { planDeployments } from "./deployments.ts";
import { type HostRules, knativeRules } from "./knative-rules.ts";
import { podRules } from "./pod-rules.ts";
import {
  type Backend,
  type HashPolicies,
  isOfGateway,
  type Listener,
  type RouteTable,
  type Rule,
  type VirtualHosts,
} from "../table.ts";

/** The compiled form of a set of manifests. */
export interface Plan {
  services: ServicePlan[];
  table: RouteTable;
}

/** Keeps results of a compilation for the next one, which reuses them for unchanged objects. */
export class CompileMemory {
  readonly services = new LastResult<ReturnType<typeof planKnativeServices>>();
  readonly deployed = new LastResult<ReturnType<typeof planDeployments>>();
  readonly joined = new LastResult<ServicePlan[]>();
  readonly surroundings = new LastResult<Surroundings>();
}

/** The last result of a function of objects. */
class LastResult<R> {
  #inputs: readonly unknown[] = [];
  #result: R | undefined;

  /** Returns the last result if the inputs are identical, else a new one. */
  of(inputs: readonly unknown[], make: () => R): R {
    const isSame =
      inputs.length === this.#inputs.length && inputs.every((input, i) => input === this.#inputs[i]);
    if (this.#result === undefined || !isSame) [this.#inputs, this.#result] = [inputs, make()];
    return this.#result;
  }
}

/**
 * Compiles manifests into the table that decides the destination of each request.
 * @param domain the domain of public Knative Services
 * @returns the plan, to be used only if no problem is an error
 */
export function compilePlan(
  resources: Resources,
  domain: string,
  memory = new CompileMemory(),
): { plan: Plan; problems: Problem[] } {
  const { knativeServices, kubernetesServices, deployments, destinationRules, virtualServices } = resources;
  const knative = memory.services.of(knativeServices, () => planKnativeServices(knativeServices));
  const sources = { kubernetesServices, deployments, destinationRules, virtualServices };
  const deployed = memory.deployed.of(
    Object.values(sources).flatMap((list) => [list.length, ...list]),
    () => planDeployments(sources),
  );
  const services =
    deployed.services.length === 0
      ? knative.services
      : memory.joined.of([knative.services, deployed.services], () => [
          ...knative.services,
          ...deployed.services,
        ]);
  const problems = [...knative.problems, ...deployed.problems];
  const { plan, problems: others } = compileRoutes(services, resources, domain, [], undefined, memory);
  return { plan, problems: [...problems, ...others] };
}

/**
 * As `compilePlan`, for Knative Services that were read elsewhere, such as from a cluster.
 * @param ownSidecars hosts that lead back to the caller's own sidecar
 * @param callers the namespace of callers with a sidecar. With it, `exportTo` applies and the ingress gateway is in
 *   its usual namespace; without it every VirtualService applies everywhere, as on one machine
 * @returns the plan, and the hosts whose outcome depends on the order of several VirtualServices, which files do not
 *   define
 */
export function compileRoutes(
  services: ServicePlan[],
  resources: Pick<
    Resources,
    "virtualServices" | "gateways" | "destinationRules" | "externalNames" | "configFeatures"
  >,
  domain: string,
  ownSidecars: readonly string[] = [],
  callers?: string,
  memory = new CompileMemory(),
): { plan: Plan; shared: SharedHosts; problems: Problem[] } {
  const { externalNames, gateways, destinationRules, configFeatures } = resources;
  const others = [externalNames, gateways, destinationRules, configFeatures];
  const inputs = [
    domain,
    callers,
    ...ownSidecars,
    ...[services, ...others].flatMap((list) => [list.length, ...list]),
  ];
  const surroundings = memory.surroundings.of(inputs, () =>
    readSurroundings(services, resources, domain, ownSidecars),
  );
  const problems = [...surroundings.problems];
  const routes = [...surroundings.routes];
  const ofKnative = routes.filter(({ isHttpsRedirect }) => isHttpsRedirect !== true);
  const claims = new HostClaims(ofKnative, problems);
  for (const source of resources.virtualServices) {
    const compiled =
      surroundings.compiled.get(source) ?? compileVirtualService(source, surroundings, callers);
    surroundings.compiled.set(source, compiled);
    problems.push(...compiled.problems);
    claims.check(source, compiled);
    routes.push(...compiled.routes);
  }
  routes.push(...podRules(services, routes));
  const byListener = Map.groupBy(routes, ({ listener }) => listener);
  const hostsAt = (listener: Listener): VirtualHosts => virtualHosts(byListener.get(listener) ?? []);
  const listeners: RouteTable["listeners"] = {
    ...Object.fromEntries(
      [...byListener.keys()].filter(isOfGateway).map((listener) => [listener, hostsAt(listener)]),
    ),
    ingress: hostsAt("ingress"),
    "local-gateway": hostsAt("local-gateway"),
    mesh: hostsAt("mesh"),
  };
  const { hosts: backends, hashPolicies } = surroundings;
  const shortNames = shortHosts(services);
  const named = shortNames.size === 0 ? {} : { shortNames };
  const plan = { services, table: { listeners, backends, hashPolicies, ...named } };
  return { plan, shared: claims.shared, problems };
}

/** The inputs of a VirtualService's rules besides itself, and the compiled VirtualServices. */
interface Surroundings {
  hosts: ReadonlyMap<string, Backend>;
  gateways: ReadonlyMap<string, readonly KnownServer[]>;
  subsets: Subsets;
  hashPolicies: HashPolicies;
  /** The routes that Knative creates. */
  routes: readonly HostRules[];
  problems: readonly Problem[];
  compiled: WeakMap<Sourced<VirtualService>, CompiledVirtualService>;
}

/** A VirtualService as its proxies get it. */
export interface CompiledVirtualService {
  bound: readonly Binding[];
  routes: readonly HostRules[];
  problems: readonly Problem[];
}

function readSurroundings(
  services: ServicePlan[],
  resources: Pick<Resources, "gateways" | "destinationRules" | "externalNames" | "configFeatures">,
  domain: string,
  ownSidecars: readonly string[],
): Surroundings {
  const { hosts, problems } = clusterHosts(services, resources.externalNames, ownSidecars);
  const gateways = readGateways(resources.gateways);
  const subsets = readSubsets(resources.destinationRules, services, hosts, problems);
  const byTagHeader = resources.configFeatures.some(
    ({ value }) => value.data["tag-header-based-routing"] === "enabled",
  );
  const routes = [
    ...services
      .filter(({ podHosts }) => podHosts === undefined)
      .flatMap((service) => knativeRules(service, domain, byTagHeader)),
    ...[...gateways.values()].flat().flatMap(redirectsOf),
  ];
  const hashPolicies = readHashPolicies(resources.destinationRules);
  return { hosts, gateways, subsets, hashPolicies, routes, problems, compiled: new WeakMap() };
}

function compileVirtualService(
  source: Sourced<VirtualService>,
  { hosts, subsets, gateways }: Surroundings,
  callers: string | undefined,
): CompiledVirtualService {
  const { rules, problems } = virtualServiceRules(source, hosts, subsets);
  const bound = bindings(source, gateways, callers === "" ? undefined : callers, problems).filter(
    ({ listener }) =>
      callers === undefined || isSeenFrom(listener === "mesh" ? callers : GATEWAY_NAMESPACE, source.value),
  );
  const routes = bound.flatMap((binding): HostRules[] => {
    const { listener, hosts } = binding;
    const own = rules.flatMap((rule) => rule.for(binding) ?? []);
    // Istio ignores a VirtualService at a listener where none of its HTTP rules applies. (istio,
    // BuildHTTPRoutesForVirtualService)
    if (own.length === 0) return [];
    const redirected = [...hosts].flatMap(([host, { httpsRedirect }]) =>
      httpsRedirect === undefined ? [] : [toHttps(listener, host, httpsRedirect)],
    );
    const open = [...hosts].flatMap(([host, { httpsRedirect }]) =>
      httpsRedirect === undefined ? [host] : [],
    );
    return [{ listener, hosts: open, rules: own }, ...redirected];
  });
  return { bound, routes, problems };
}

/** @param routes those of one listener */
function virtualHosts(routes: readonly HostRules[]): VirtualHosts {
  const byHost = new Map<string, readonly Rule[]>();
  const redirected = new Set<string>();
  for (const { hosts, rules, isHttpsRedirect } of routes) {
    for (const host of hosts) {
      if (redirected.has(host)) continue;
      const before = byHost.get(host);
      if (isHttpsRedirect) redirected.add(host);
      byHost.set(host, before === undefined || isHttpsRedirect ? rules : [...before, ...rules]);
    }
  }
  const any = byHost.get("*");
  byHost.delete("*");
  const wild = [...byHost].filter(([host]) => host.startsWith("*"));
  for (const [host] of wild) byHost.delete(host);
  const suffixes = wild.map(([host, rules]) => [host.slice(1), rules] as const);
  return { exact: byHost, suffixes: suffixes.sort(([a], [b]) => b.length - a.length), any };
}
