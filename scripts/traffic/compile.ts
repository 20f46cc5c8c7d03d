import type { Gateway, VirtualService } from "../manifests/kinds/istio.ts";
import { formatPath } from "../manifests/document.ts";
import type { Problem } from "../manifests/problem.ts";
import type { Resources, Sourced } from "../manifests/resources.ts";
import { didYouMean } from "../nearest.ts";
import { clusterHosts, clusterLocalNames, fullHost, KNATIVE_GATEWAYS } from "./hosts.ts";
import { gatewayName, virtualServiceRules } from "./istio-rules.ts";
import { type KnativeServicePlan, planKnativeServices } from "./knative.ts";
import { type HostRules, knativeRules } from "./knative-rules.ts";
import type { Listener, RouteTable, Rule, VirtualHosts } from "./table.ts";

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
  const cluster = clusterHosts(services, resources.externalNames);
  problems.push(...cluster.problems);
  const gateways = readGateways(resources.gateways, problems);
  const routes = services.flatMap((service) => knativeRules(service, domain));
  const owned = new Set(routes.filter(({ listener }) => listener === "mesh").flatMap(({ hosts }) => hosts));
  for (const source of resources.virtualServices) {
    const { rules, problems: invalid } = virtualServiceRules(source, cluster.hosts);
    problems.push(...invalid);
    checkHosts(source, owned, problems);
    for (const { gateway, listener, hosts } of bindings(source, gateways, problems)) {
      routes.push({ listener, hosts, rules: rules.flatMap((rule) => rule.for(gateway) ?? []) });
    }
  }
  const listeners: Record<Listener, VirtualHosts> = {
    ingress: virtualHosts(routes, "ingress"),
    "local-gateway": virtualHosts(routes, "local-gateway"),
    mesh: virtualHosts(routes, "mesh"),
  };
  return { plan: { services, table: { listeners, backends: cluster.hosts } }, problems };
}

interface KnownGateway {
  listener: Listener;
  /** Patterns of the hosts that it serves, each with the namespace that it is open to (`*` for all). */
  hosts: { namespace: string; pattern: string }[];
}

function readGateways(sources: readonly Sourced<Gateway>[], problems: Problem[]): Map<string, KnownGateway> {
  const known = new Map<string, KnownGateway>();
  for (const [name, listener] of Object.entries(KNATIVE_GATEWAYS)) {
    known.set(name, { listener, hosts: [{ namespace: "*", pattern: "*" }] });
  }
  for (const { value, document } of sources) {
    const { name, namespace = "default" } = value.metadata;
    const report = (path: (string | number)[], message: string, fix: string): void => {
      problems.push({ severity: "error", at: document.at(path), field: formatPath(path), message, fix });
    };
    if (value.spec.selector["istio"] !== "ingressgateway") {
      report(["spec", "selector"], "the mesh has one gateway", "select it by istio: ingressgateway");
    }
    const hosts: KnownGateway["hosts"] = [];
    for (const [i, server] of value.spec.servers.entries()) {
      if (server.port.number !== 80) {
        const path = ["spec", "servers", i, "port", "number"];
        report(path, `the mesh has one public port, and ${server.port.number} is not it`, "write 80");
      }
      for (const host of server.hosts) {
        const [before = "", after] = host.split("/");
        const open = after === undefined ? "*" : before === "." ? namespace : before;
        hosts.push({ namespace: open, pattern: (after ?? before).toLowerCase() });
      }
    }
    known.set(`${namespace}/${name}`, { listener: "ingress", hosts });
  }
  return known;
}

/** By which gateway, at which listener and for which hosts a VirtualService's rules hold. */
function bindings(
  { value, document }: Sourced<VirtualService>,
  gateways: ReadonlyMap<string, KnownGateway>,
  problems: Problem[],
): { gateway: string; listener: Listener; hosts: string[] }[] {
  const { namespace = "default" } = value.metadata;
  const hosts = value.spec.hosts.map((host) => fullHost(host, namespace));
  return (value.spec.gateways ?? ["mesh"]).flatMap((written, i) => {
    const gateway = gatewayName(written, namespace);
    if (gateway === "mesh") return [{ gateway, listener: "mesh" as const, hosts: hosts.flatMap(meshNames) }];
    const known = gateways.get(gateway);
    if (known === undefined) {
      problems.push({
        severity: "error",
        at: document.at(["spec", "gateways", i]),
        field: `spec.gateways[${i}]`,
        message: `there is no Gateway ${gateway}`,
        fix: didYouMean(gateway, gateways.keys()),
      });
      return [];
    }
    const served = hosts.filter((host) => known.hosts.some((open) => opens(open, host, namespace)));
    for (const [j, host] of hosts.entries()) {
      if (served.includes(host)) continue;
      problems.push({
        severity: "warning",
        at: document.at(["spec", "hosts", j]),
        field: `spec.hosts[${j}]`,
        message: `Gateway ${gateway} does not serve ${host}, so these rules do not hold there`,
        fix: "add the host to the Gateway's servers",
      });
    }
    return [{ gateway, listener: known.listener, hosts: served }];
  });
}

function opens(open: { namespace: string; pattern: string }, host: string, namespace: string): boolean {
  if (open.namespace !== "*" && open.namespace !== namespace) return false;
  if (open.pattern === "*" || open.pattern === host) return true;
  return open.pattern.startsWith("*.") && host.endsWith(open.pattern.slice(1));
}

/** The names by which sidecars know a host: shorter ones too when it is a Service's. */
function meshNames(host: string): string[] {
  const service = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host);
  return service === null ? [host] : clusterLocalNames(service[1] as string, service[2] as string);
}

/** Hosts that cannot work: `*` for sidecars, and those that Knative's own VirtualServices hold. */
function checkHosts(
  { value, document }: Sourced<VirtualService>,
  owned: ReadonlySet<string>,
  problems: Problem[],
): void {
  const { namespace = "default" } = value.metadata;
  const inMesh = (value.spec.gateways ?? ["mesh"]).includes("mesh");
  for (const [i, host] of value.spec.hosts.entries()) {
    const report = (message: string, fix: string): void => {
      problems.push({
        severity: "error",
        at: document.at(["spec", "hosts", i]),
        field: `spec.hosts[${i}]`,
        message,
        fix,
      });
    };
    if (host === "*" && inMesh)
      report("the host * is not allowed for sidecars", "take mesh off the gateways, or name the hosts");
    if (owned.has(fullHost(host, namespace))) {
      report(
        `${host} belongs to Knative, which writes its own VirtualService for it`,
        "route a host of your own",
      );
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
