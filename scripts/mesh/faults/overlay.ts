import { stringify } from "yaml";
import { parseDocuments } from "../../manifests/document.ts";
import { formatProblem } from "../../manifests/problem.ts";
import { collectResources } from "../../manifests/resources.ts";
import { compileRoutes } from "../../traffic/compile.ts";
import { CLUSTER_DOMAIN } from "../../traffic/hosts.ts";
import type { KnativeServicePlan } from "../../traffic/knative.ts";
import type { RouteTable } from "../../traffic/table.ts";
import type { Fault } from "./fault.ts";

/** How places in the overlay are named: it is in no file. */
export const OVERLAY = "(faults)";

/** The service and the namespace that a fault is for. */
export interface PlacedFault extends Fault {
  namespace: string;
}

/**
 * Faults as the VirtualServices that they are: one for the host of each revision, with Istio's own fields. In Istio a
 * fault belongs to a rule, not to a destination, so that a share of a split can have one only behind a hop of its own.
 */
export function faultYaml(faults: readonly PlacedFault[]): string {
  return faults.map((fault) => `# ${sentence(fault)}\n${stringify(virtualService(fault))}`).join("---\n");
}

/** What a fault does, in a sentence. */
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
 * The rules in front of revisions that these faults mean, compiled as any VirtualService is.
 * @throws when a revision is not there; who sets a fault has to look before
 */
export function faultDoors(
  faults: readonly PlacedFault[],
  services: readonly KnativeServicePlan[],
): NonNullable<RouteTable["doors"]> {
  const doors = new Map<string, DoorRule>();
  if (faults.length === 0) return doors;
  const { documents, problems: unread } = parseDocuments(OVERLAY, faultYaml(faults));
  const { resources, problems: invalid } = collectResources(documents);
  const { plan, problems: uncompiled } = compileRoutes([...services], resources, "localhost");
  const errors = [...unread, ...invalid, ...uncompiled].filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(formatProblem).join("\n"));
  for (const { namespace, revision } of faults) {
    const [rule] = plan.table.listeners.mesh.exact.get(hostOf(revision, namespace)) ?? [];
    if (rule?.action.kind === "forward")
      doors.set(`${namespace}/${revision}`, { ...rule, action: rule.action });
  }
  return doors;
}

type DoorRule = NonNullable<RouteTable["doors"]> extends ReadonlyMap<string, infer Rule> ? Rule : never;

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
