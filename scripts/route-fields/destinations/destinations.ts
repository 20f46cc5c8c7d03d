import type { FieldPath } from "../../manifests/document.ts";
import type { Destination as YamlDestination, HTTPRoute, HTTPRouteDestination } from "../http-route.ts";
import { CLUSTER_DOMAIN, fullHost, hostAdvice } from "../../traffic/hosts.ts";
import type { Backend, Destination, Mirror } from "../../traffic/table.ts";
import { percentOf } from "../fault/fault.ts";
import { readRequestHeaders, readResponseHeaders } from "../headers/compile.ts";
import type { Report } from "../../traffic/istio/report.ts";
import type { Subsets } from "../../traffic/istio/subsets.ts";

/** What the rules of one VirtualService are read in. */
export interface Surroundings {
  namespace: string;
  /** What stands behind each host that a destination can name. */
  hosts: ReadonlyMap<string, Backend>;
  subsets: Subsets;
  report: Report;
}

/** A host as a rule means it, and all that stands behind it: several revisions where a subset has several. */
interface Target {
  host: string;
  port: number;
  subset: string | undefined;
  backends: readonly Backend[];
}

/** Reads a weighted destination; one for each revision of a subset, which share the weight evenly. */
export function readDestination(
  to: HTTPRouteDestination,
  path: FieldPath,
  routeAuthority: string | undefined,
  surroundings: Surroundings,
): Destination[] {
  const { report } = surroundings;
  const { host, port, subset, backends } = readTarget(to.destination, [...path, "destination"], surroundings);
  const request = readRequestHeaders(to.headers?.request, [...path, "headers", "request"], report);
  const response = readResponseHeaders(to.headers?.response, [...path, "headers", "response"], report);
  return backends.map((backend) => ({
    host,
    port,
    subset,
    weight: (to.weight ?? 0) / backends.length,
    // Envoy writes the route's host last, and istiod makes a lone destination behave the same.
    authority: routeAuthority ?? request.authority,
    request: request.change,
    response,
    backend,
  }));
}

/** Reads where copies of the requests go: where a subset has several revisions, to the first of them. */
export function readMirrors(route: HTTPRoute, path: FieldPath, surroundings: Surroundings): Mirror[] {
  const { report } = surroundings;
  const { mirror, mirrorPercentage, mirrors } = route;
  if (mirror !== undefined && mirrors !== undefined)
    report(
      "mirror-fields",
      [...path, "mirrors"],
      "a rule has either mirror or mirrors",
      "write all of them under mirrors",
    );
  if (mirrorPercentage !== undefined && mirror === undefined)
    report(
      "mirror-fields",
      [...path, "mirrorPercentage"],
      "there is no mirror to which this belongs",
      "add mirror, a host",
    );
  return [
    ...(mirror === undefined ? [] : of(mirror, mirrorPercentage, [...path, "mirror"])),
    ...(mirrors ?? []).flatMap(({ destination, percentage }, i) =>
      of(destination, percentage, [...path, "mirrors", i, "destination"]),
    ),
  ];

  function of(to: YamlDestination, part: HTTPRoute["mirrorPercentage"], at: FieldPath): Mirror[] {
    const { host, port, subset, backends } = readTarget(to, at, surroundings);
    // Without a percentage all requests are mirrored. (istio, pilot/pkg/networking/core/route/route.go, MirrorPercent)
    const percent = part === undefined ? 100 : percentOf(part);
    return backends.slice(0, 1).map((backend) => ({ host, port, subset, percent, backend }));
  }
}

/** A ServiceEntry may give a host of any name; the only one known here leads back to the caller's own sidecar. */
function isOwnSidecar(backend: Backend | undefined): boolean {
  return backend?.kind === "listener" && backend.listener === "mesh";
}

function readTarget(
  to: YamlDestination,
  path: FieldPath,
  { namespace, hosts, subsets, report }: Surroundings,
): Target {
  const host = fullHost(to.host, namespace);
  const found = hosts.get(host);
  // Istio expands a name without a dot; one such as service.namespace is to it a host of its own, which is nowhere.
  const isFull = host.endsWith(`.${CLUSTER_DOMAIN}`) || isOwnSidecar(found);
  const backend = isFull ? found : undefined;
  if (backend === undefined) {
    const { fix, near } = hostAdvice(host, hosts);
    report("known-host", [...path, "host"], `there is no host ${host}`, fix, { name: host, near });
  }
  const port = to.port?.number ?? 80;
  if (port !== 80) {
    report(
      "revision-port",
      [...path, "port", "number"],
      `${host} has no port ${port}`,
      "write 80, the port of every Service of Knative",
    );
  }
  const { subset } = to;
  const all = [backend ?? ({ kind: "revision", revision: host } as const)];
  const backends = subset === undefined || backend === undefined ? all : subsets.find(host, subset);
  if ("message" in backends) {
    report("known-subset", [...path, "subset"], backends.message, backends.fix, {
      name: subset,
      near: backends.near,
    });
    return { host, port, subset, backends: all };
  }
  return { host, port, subset, backends };
}
