import type { FieldPath } from "../../manifests/document.ts";
import type { Report, Target, WeightedBackend } from "../../route-fields/field-family.ts";
import type { Destination } from "../../schema/route-schema.ts";
import { CLUSTER_DOMAIN, fullHost, hostAdvice } from "../hosts.ts";
import type { Backend } from "../table.ts";
import type { Subsets } from "./subsets.ts";

/** The context in which the destinations of one VirtualService are looked up. */
export interface TargetContext {
  namespace: string;
  /** The backend of each host that a destination can name. */
  hosts: ReadonlyMap<string, Backend>;
  subsets: Subsets;
  report: Report;
}

/** Looks up a destination, and reports an unknown host, port or subset. */
export function readTarget(
  to: Destination,
  path: FieldPath,
  { namespace, hosts, subsets, report }: TargetContext,
): Target {
  const host = fullHost(to.host, namespace);
  const found = hosts.get(host);
  // Istio expands a name without a dot. It treats service.namespace as a full host, which does not exist.
  const isFull = host.endsWith(`.${CLUSTER_DOMAIN}`) || isOwnSidecar(found);
  const backend = isFull ? found : undefined;
  if (backend === undefined) {
    const { fix, near } = hostAdvice(host, hosts);
    report("known-host", [...path, "host"], `there is no host ${host}`, fix, { name: host, near });
  }
  const port = to.port?.number ?? 80;
  const isPortDefault = to.port === undefined ? true : undefined;
  const service = subsets.service(host);
  // The ports of other Services are not known.
  if (service !== undefined) {
    if (to.port !== undefined && !service.ports.includes(to.port.number))
      report(
        "service-port",
        [...path, "port", "number"],
        `${host} has no port ${port}`,
        `write one of its ports: ${service.ports.join(", ")}`,
      );
  } else if (port !== 80 && backend !== undefined) {
    report(
      "revision-port",
      [...path, "port", "number"],
      `${host} has no port ${port}`,
      "write 80, the port of every Service of Knative",
    );
  }
  const { subset } = to;
  const all: readonly WeightedBackend[] = service?.backends ?? [
    { backend: backend ?? { kind: "revision", revision: host }, weight: 1 },
  ];
  const backends = subset === undefined || backend === undefined ? all : subsets.find(host, subset);
  if ("message" in backends) {
    report("known-subset", [...path, "subset"], backends.message, backends.fix, {
      name: subset,
      near: backends.near,
    });
    return { host, port, isPortDefault, subset, backends: all };
  }
  return { host, port, isPortDefault, subset, backends };
}

/** Whether a host leads back to the caller's own sidecar, which a ServiceEntry can define for any name. */
function isOwnSidecar(backend: Backend | undefined): boolean {
  return backend?.kind === "listener" && backend.listener === "mesh";
}
