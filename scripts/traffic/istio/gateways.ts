import type { Gateway } from "../../manifests/kinds/istio-gateway.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { suggestion } from "../../nearest.ts";
import { clusterLocalNames, fullHost, KNATIVE_GATEWAYS } from "../hosts.ts";
import { reporter } from "./report.ts";
import { gatewayName } from "../../route-fields/match/compile.ts";
import type { Listener } from "../table.ts";

/** A Gateway: the listener that it opens, and for which hosts. */
export interface KnownGateway {
  listener: Listener;
  /** Patterns of the hosts that it serves, each with the namespace that it is open to (`*` for all). */
  hosts: { namespace: string; pattern: string }[];
}

/** A gateway of a VirtualService, and the hosts that its rules hold for there. */
export interface Binding {
  gateway: string;
  listener: Listener;
  hosts: string[];
}

/** Reads Gateways by `namespace/name`, the two of net-istio among them: they are on every cluster. */
export function readGateways(
  sources: readonly Sourced<Gateway>[],
  problems: Problem[],
): Map<string, KnownGateway> {
  const known = new Map<string, KnownGateway>();
  for (const [name, listener] of Object.entries(KNATIVE_GATEWAYS)) {
    known.set(name, { listener, hosts: [{ namespace: "*", pattern: "*" }] });
  }
  for (const { value, document } of sources) {
    const { name, namespace = "default" } = value.metadata;
    const report = reporter(document, problems);
    if (value.spec.selector["istio"] !== "ingressgateway") {
      report(
        "gateway-selector",
        ["spec", "selector"],
        "the mesh has one gateway",
        "select it by istio: ingressgateway",
      );
    }
    const hosts: KnownGateway["hosts"] = [];
    for (const [i, server] of value.spec.servers.entries()) {
      if (server.port.number !== 80) {
        const path = ["spec", "servers", i, "port", "number"];
        report(
          "gateway-port",
          path,
          `the mesh has one public port, and ${server.port.number} is not it`,
          "write 80",
        );
      }
      for (const host of server.hosts) {
        const [before = "", after] = host.split("/");
        const open = after === undefined ? "*" : before === "." ? namespace : before;
        hosts.push({ namespace: open, pattern: after ?? before });
      }
    }
    known.set(`${namespace}/${name}`, { listener: "ingress", hosts });
  }
  return known;
}

/** By which gateways, at which listeners and for which hosts a VirtualService's rules hold. */
export function bindings(
  { value, document }: Sourced<VirtualService>,
  gateways: ReadonlyMap<string, KnownGateway>,
  problems: Problem[],
): Binding[] {
  const report = reporter(document, problems);
  const { namespace = "default" } = value.metadata;
  const hosts = value.spec.hosts.map((host) => fullHost(host, namespace));
  return (value.spec.gateways ?? ["mesh"]).flatMap((written, i): Binding[] => {
    const gateway = gatewayName(written, namespace);
    if (gateway === "mesh") return [{ gateway, listener: "mesh", hosts: hosts.flatMap(meshNames) }];
    const known = gateways.get(gateway);
    if (known === undefined) {
      const { fix, near } = suggestion(gateway, ["mesh", ...gateways.keys()]);
      report("known-gateway", ["spec", "gateways", i], `there is no Gateway ${gateway}`, fix, {
        name: gateway,
        near,
      });
      return [];
    }
    const open = known.hosts.filter((host) => host.namespace === "*" || host.namespace === namespace);
    const served = hosts.map((host) => open.flatMap(({ pattern }) => inBoth(pattern, host) ?? []));
    for (const [j, host] of hosts.entries()) {
      if (served[j]?.length !== 0) continue;
      const message = `Gateway ${gateway} does not serve ${host}, so these rules do not hold there`;
      report("gateway-host", ["spec", "hosts", j], message, "add the host to the Gateway's servers");
    }
    return [{ gateway, listener: known.listener, hosts: served.flat() }];
  });
}

/** The hosts that two patterns both mean: the narrower of the two, or undefined when they have none in common. */
function inBoth(a: string, b: string): string | undefined {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
}

function covers(pattern: string, host: string): boolean {
  if (pattern === "*" || pattern === host) return true;
  return pattern.startsWith("*.") && host.endsWith(pattern.slice(1));
}

/** The names by which sidecars know a host: shorter ones too when it is a Service's. */
function meshNames(host: string): string[] {
  const service = /^([^.]+)\.([^.]+)\.svc\.cluster\.local$/.exec(host);
  return service === null ? [host] : clusterLocalNames(service[1] as string, service[2] as string);
}
