import { stringify } from "yaml";
import { parseDocuments } from "../../manifests/document.ts";
import { formatProblem } from "../../manifests/problem.ts";
import { collectResources } from "../../manifests/resources.ts";
import { compileRoutes } from "../../traffic/compile/compile.ts";
import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import type { ServicePlan } from "../../traffic/compile/service-plan.ts";
import type { RouteTable } from "../../traffic/table.ts";
import type { Fault } from "./fault.ts";

/** The file name in positions of the overlay, which is not in a file. */
export const OVERLAY = "(faults)";

/** A fault with the namespace of its service. */
export interface PlacedFault extends Fault {
  namespace: string;
}

/**
 * Formats faults as Istio VirtualServices, one for the host of each revision. In Istio a fault belongs to a rule and
 * not to a destination, so a single destination of a split can have a fault only behind a further hop.
 */
export function faultYaml(faults: readonly PlacedFault[]): string {
  return faults.map((fault) => `# ${sentence(fault)}\n${stringify(virtualService(fault))}`).join("---\n");
}

/** A fault as a sentence. */
export function sentence({ revision, error, delay }: Fault): string {
  const parts = [
    ...(error === undefined ? [] : [`answers ${error.percent} % with ${error.status}`]),
    ...(delay === undefined
      ? []
      : [`holds ${delay.percent === 100 ? "all" : `${delay.percent} %`} for ${delay.ms} ms`]),
  ];
  return `${revision}: ${parts.join(", ")}`;
}

/**
 * Compiles the rules in front of revisions for these faults like any VirtualService.
 * @throws if a revision does not exist; `Faults.change` checks that
 */
export function faultFilters(
  faults: readonly PlacedFault[],
  services: readonly ServicePlan[],
): NonNullable<RouteTable["revisionFilters"]> {
  const filters = new Map<string, FilterRule>();
  if (faults.length === 0) return filters;
  const { documents, problems: unread } = parseDocuments(OVERLAY, faultYaml(faults));
  const { resources, problems: invalid } = collectResources(documents);
  const { plan, problems: uncompiled } = compileRoutes(
    services.map(withRevisionHosts),
    resources,
    "localhost",
  );
  const errors = [...unread, ...invalid, ...uncompiled].filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(formatProblem).join("\n"));
  for (const { namespace, revision } of faults) {
    const [rule] = plan.table.listeners.mesh.exact.get(hostOf(revision, namespace)) ?? [];
    if (rule?.action.kind === "forward")
      filters.set(`${namespace}/${revision}`, { ...rule, action: rule.action });
  }
  return filters;
}

/**
 * A Deployment has no host of its own except in this overlay between the mesh and each revision; its Service may have
 * the same name, and has none there.
 */
function withRevisionHosts(service: ServicePlan): ServicePlan {
  const { podHosts, ...others } = service;
  return podHosts === undefined ? service : { ...others, name: `Service ${others.name}`, traffic: [] };
}

type FilterRule =
  NonNullable<RouteTable["revisionFilters"]> extends ReadonlyMap<string, infer Rule> ? Rule : never;

function virtualService({ namespace, revision, error, delay }: PlacedFault): object {
  const host = hostOf(revision, namespace);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: `fault-${revision}`, namespace },
    spec: {
      hosts: [host],
      http: [
        {
          fault: {
            ...(delay && { delay: { percentage: { value: delay.percent }, fixedDelay: duration(delay.ms) } }),
            ...(error && { abort: { percentage: { value: error.percent }, httpStatus: error.status } }),
          },
          retries: { attempts: 0 },
          route: [
            {
              destination: { host, port: { number: 80 } },
              headers: {
                request: {
                  set: { "Knative-Serving-Namespace": namespace, "Knative-Serving-Revision": revision },
                },
              },
            },
          ],
        },
      ],
    },
  };
}

function hostOf(revision: string, namespace: string): string {
  return `${revision}.${namespace}.${CLUSTER_DOMAIN}`;
}

function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
