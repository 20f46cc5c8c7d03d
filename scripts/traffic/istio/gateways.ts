import type { Gateway } from "../../manifests/kinds/istio-gateway.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Position, Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { suggestion } from "../../nearest.ts";
import { clusterLocalNames, fullHost, KNATIVE_GATEWAYS } from "../hosts.ts";
import { INGRESS_PODS, type ProxyPods, selectedPods } from "./proxy-pods.ts";
import { reporter } from "./report.ts";
import { gatewayName } from "../../route-fields/match/compile.ts";
import type { Listener } from "../table.ts";

/** What a Gateway opens: HTTP servers of one listener, and for which hosts. */
export interface KnownServer {
  listener: Listener;
  /** The number that the Gateway has for it, which rules mean by a port. */
  port: number;
  hosts: ServedHost[];
  pods: ProxyPods;
  /** The name of its certificate, where TLS ends there and it has one. */
  credentialName?: string | undefined;
}

/** A pattern of the hosts that a server has. */
export interface ServedHost {
  /** The namespace that it is open to; `*` for all. */
  namespace: string;
  pattern: string;
  /** The place in the server that redirects each request to HTTPS; undefined if it does not. */
  httpsRedirect: Position | undefined;
}

/** A gateway of a VirtualService, and the hosts that its rules hold for at one of its listeners. */
export interface Binding {
  gateway: string;
  listener: Listener;
  /** The port that rules mean; undefined for sidecars, which have the ports of each Service. */
  port: number | undefined;
  /** The hosts as the proxy has them. */
  hosts: ReadonlyMap<string, BoundHost>;
  /** What is known of the pods whose proxy has the rules. */
  pods: ProxyPods;
}

/** A host that rules hold for. */
export interface BoundHost {
  /** The number of the host in `spec.hosts` that it comes from. */
  written: number;
  /** As in ServedHost. */
  httpsRedirect: Position | undefined;
}

// Those whose rules are HTTP routes, if TLS ends at the gateway. (istio, pkg/config/protocol/instance.go)
const HTTP_PROTOCOLS = new Set(["HTTP", "HTTP2", "GRPC", "GRPC-WEB"]);

/** Reads Gateways by `namespace/name`, the two of net-istio among them: they are on every cluster. */
export function readGateways(sources: readonly Sourced<Gateway>[]): Map<string, KnownServer[]> {
  const known = new Map<string, KnownServer[]>();
  for (const [name, listener] of Object.entries(KNATIVE_GATEWAYS)) {
    // (net-istio, config/200-gateway.yaml)
    const port = listener === "local-gateway" ? 8081 : 80;
    const hosts = [{ namespace: "*", pattern: "*", httpsRedirect: undefined }];
    known.set(name, [{ listener, port, hosts, pods: INGRESS_PODS }]);
  }
  for (const { value, document } of sources) {
    const { name, namespace = "default" } = value.metadata;
    const { selector: written = {} } = value.spec;
    // Without labels it applies to every gateway, and this is the only known one.
    const selector = Object.keys(written).length === 0 ? { istio: "ingressgateway" } : written;
    const servers = new Map<Listener, KnownServer>();
    for (const [i, server] of value.spec.servers.entries()) {
      // Of a server for HTTPS Envoy redirects nothing, because its requests have come by HTTPS.
      const httpsRedirect =
        server.tls?.httpsRedirect === true && server.port.protocol.toUpperCase() !== "HTTPS"
          ? document.at(["spec", "servers", i, "tls", "httpsRedirect"])
          : undefined;
      const hosts = server.hosts.map((host): ServedHost => {
        const [before = "", after] = host.split("/");
        const open = after === undefined ? "*" : before === "." ? namespace : before;
        return { namespace: open, pattern: after ?? before, httpsRedirect };
      });
      const listener = listenerOf(server, selector);
      if (listener === undefined) continue;
      const { number: port } = server.port;
      const same = servers.get(listener);
      const credentialName = server.tls?.credentialName;
      if (same === undefined)
        servers.set(listener, { listener, port, hosts, pods: selectedPods(selector), credentialName });
      else same.hosts.push(...hosts);
    }
    known.set(`${namespace}/${name}`, [...servers.values()]);
  }
  return known;
}

/** The gateways that a VirtualService names; without any it holds for sidecars. */
export function gatewaysOf({ spec }: VirtualService): readonly string[] {
  return spec.gateways === undefined || spec.gateways.length === 0 ? ["mesh"] : spec.gateways;
}

/** A host as istiod writes it into Envoy's virtual hosts, which are looked up in lower case. */
export function asEnvoyHasIt(host: string): string {
  return host.toLowerCase();
}

/**
 * The gateways, listeners and hosts for which a VirtualService's rules hold.
 * @param callers the namespace of the callers with a sidecar, if it is known
 */
export function bindings(
  { value, document }: Sourced<VirtualService>,
  gateways: ReadonlyMap<string, readonly KnownServer[]>,
  callers: string | undefined,
  problems: Problem[],
): Binding[] {
  const report = reporter(document, problems);
  const { namespace = "default" } = value.metadata;
  const hosts = value.spec.hosts.map((host) => fullHost(host, namespace));
  return gatewaysOf(value).flatMap((written, i): Binding[] => {
    const gateway = gatewayName(written, namespace);
    if (gateway === "mesh") {
      const names = hosts.flatMap((host, written) =>
        meshNames(asEnvoyHasIt(host)).map((name) => [name, { written, httpsRedirect: undefined }] as const),
      );
      const pods = { namespace: callers, labels: undefined };
      return [{ gateway, listener: "mesh", port: undefined, hosts: joinedByName(names), pods }];
    }
    const known = gateways.get(gateway);
    if (known === undefined) {
      const { fix, near } = suggestion(gateway, ["mesh", ...gateways.keys()]);
      report("known-gateway", ["spec", "gateways", i], `there is no Gateway ${gateway}`, fix, {
        name: gateway,
        near,
      });
      return [];
    }
    const isServed = new Set<string>();
    const bound = known.map(({ hosts: patterns, ...server }): Binding => {
      const open = patterns.filter((host) => host.namespace === "*" || host.namespace === namespace);
      const served = hosts.flatMap((host, written) =>
        open.flatMap(({ pattern, httpsRedirect }) => {
          const both = inBoth(pattern, host);
          if (both === undefined) return [];
          isServed.add(host);
          return [[asEnvoyHasIt(both), { written, httpsRedirect }] as const];
        }),
      );
      return { ...server, gateway, hosts: joinedByName(served) };
    });
    for (const [j, host] of hosts.entries()) {
      if (isServed.has(host) || known.length === 0) continue;
      const message = `Gateway ${gateway} does not serve ${host}, so these rules do not hold there`;
      report("gateway-host", ["spec", "hosts", j], message, "add the host to the Gateway's servers");
    }
    return bound;
  });
}

/**
 * The listener of a server: servers for plain HTTP share that of their pods and port, and each server with TLS has rules
 * of its own. Undefined for a server that no HTTP rule holds for, because TLS or TCP passes through.
 * (istio 1.31, pilot/pkg/model/gateway.go, gatewayRDSRouteName)
 */
function listenerOf(
  { port, tls, hosts }: Gateway["spec"]["servers"][number],
  selector: Readonly<Record<string, string>>,
): Listener | undefined {
  const protocol = port.protocol.toUpperCase();
  const isTls = protocol === "HTTPS" && !(tls?.mode ?? "SIMPLE").includes("PASSTHROUGH");
  if (!isTls && !HTTP_PROTOCOLS.has(protocol)) return undefined;
  const labels = Object.entries(selector).map(([name, value]) => `${name}=${value}`);
  const pods = labels.sort().join(",");
  if (!isTls && port.number === 80 && selector["istio"] === "ingressgateway" && labels.length === 1)
    return "ingress";
  const ofTls = isTls ? `, TLS for ${[...hosts].sort().join(", ")}` : "";
  return `gateway ${pods} port ${port.number}${ofTls}`;
}

/** The common hosts of two patterns: the narrower of the two, or undefined when they have none in common. */
function inBoth(a: string, b: string): string | undefined {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
}

function covers(pattern: string, host: string): boolean {
  if (pattern === "*" || pattern === host) return true;
  return pattern.startsWith("*") && host.endsWith(pattern.slice(1));
}

/** Each host once: one server that redirects is enough. */
function joinedByName(hosts: readonly (readonly [string, BoundHost])[]): Map<string, BoundHost> {
  const joined = new Map<string, BoundHost>();
  for (const [name, host] of hosts) {
    const same = joined.get(name);
    if (same === undefined) joined.set(name, { ...host });
    else same.httpsRedirect ??= host.httpsRedirect;
  }
  return joined;
}

/** The names of a host in sidecars, with shorter ones for the host of a Service. */
function meshNames(host: string): string[] {
  const service = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host);
  return service === null ? [host] : clusterLocalNames(service[1] as string, service[2] as string);
}
