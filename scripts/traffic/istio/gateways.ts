import type { Gateway } from "../../manifests/kinds/istio-gateway.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Position, Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { suggestion } from "../../nearest.ts";
import { clusterLocalNames, coversHost, fullHost, KNATIVE_GATEWAYS } from "../hosts.ts";
import { INGRESS_PODS, type ProxyPods, selectedPods } from "./proxy-pods.ts";
import { reporter } from "./report.ts";
import { gatewayName } from "../../route-fields/match/compile.ts";
import type { Listener } from "../table.ts";

/** The HTTP servers that a Gateway opens at one listener, and their hosts. */
export interface KnownServer {
  listener: Listener;
  /** The port number in the Gateway, which rules refer to. */
  port: number;
  hosts: ServedHost[];
  pods: ProxyPods;
  /** The name of its certificate, if TLS ends there and it has one. */
  credentialName?: string | undefined;
}

/** A host pattern of a server. */
export interface ServedHost {
  /** The namespace that it is open to; `*` for all. */
  namespace: string;
  pattern: string;
  /** The position in the server of the redirect to HTTPS; undefined without one. */
  httpsRedirect: Position | undefined;
}

/** A gateway of a VirtualService, and the hosts that its rules apply to at one of its listeners. */
export interface Binding {
  gateway: string;
  listener: Listener;
  /** The port that rules refer to; undefined for sidecars, which have the ports of each Service. */
  port: number | undefined;
  /** The hosts in the proxy's form. */
  hosts: ReadonlyMap<string, BoundHost>;
  /** The knowledge about the pods whose proxy has the rules. */
  pods: ProxyPods;
}

/** A host that rules apply to. */
export interface BoundHost {
  /** The index of its source in `spec.hosts`. */
  written: number;
  /** As in `ServedHost`. */
  httpsRedirect: Position | undefined;
}

// Protocols with HTTP routes, if TLS ends at the gateway. (istio, pkg/config/protocol/instance.go)
const HTTP_PROTOCOLS = new Set(["HTTP", "HTTP2", "GRPC", "GRPC-WEB"]);

/** Reads Gateways by `namespace/name`, including net-istio's two, which exist on every cluster. */
export function readGateways(sources: readonly Sourced<Gateway>[]): Map<string, KnownServer[]> {
  const known = new Map<string, KnownServer[]>();
  for (const [name, listener] of Object.entries(KNATIVE_GATEWAYS)) {
    // net-istio, config/200-gateway.yaml
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
      // Envoy redirects nothing at a server for HTTPS, because its requests arrive by HTTPS.
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

/** Returns the gateways of a VirtualService; by default it applies to sidecars. */
export function gatewaysOf({ spec }: VirtualService): readonly string[] {
  return spec.gateways === undefined || spec.gateways.length === 0 ? ["mesh"] : spec.gateways;
}

/** Returns a host as istiod writes it into Envoy's virtual hosts, which are looked up in lower case. */
export function asEnvoyHasIt(host: string): string {
  return host.toLowerCase();
}

/**
 * Returns the gateways, listeners and hosts that a VirtualService's rules apply to.
 * @param callers the namespace of callers with a sidecar, if it is known
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
 * Returns the listener of a server: servers for plain HTTP share the one of their pods and port, and each server with
 * TLS has its own. Undefined if no HTTP rule applies because TLS or TCP passes through. (istio 1.31,
 * pilot/pkg/model/gateway.go, gatewayRDSRouteName)
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

/** Returns the intersection of two patterns: the narrower one, or undefined if they are disjoint. */
function inBoth(a: string, b: string): string | undefined {
  if (coversHost(a, b)) return b;
  return coversHost(b, a) ? a : undefined;
}

/** Returns each host once; it redirects if one of its servers does. */
function joinedByName(hosts: readonly (readonly [string, BoundHost])[]): Map<string, BoundHost> {
  const joined = new Map<string, BoundHost>();
  for (const [name, host] of hosts) {
    const same = joined.get(name);
    if (same === undefined) joined.set(name, { ...host });
    else same.httpsRedirect ??= host.httpsRedirect;
  }
  return joined;
}

/** Returns the names of a host in sidecars, including the shorter ones of a Service. */
function meshNames(host: string): string[] {
  const service = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host);
  return service === null ? [host] : clusterLocalNames(service[1] as string, service[2] as string);
}
