import { apiKind, kindNamed } from "../../manifests/kinds/registry.ts";
import type { Kube } from "../kube/client.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { ServiceView } from "../workload/workload-view.ts";
import { type CheckResult, equalCheck } from "./check.ts";

/**
 * Checks that the objects of the files exist, including the Service that Knative creates for each Knative Service.
 * @param described the objects in the files
 */
export async function objectChecks(
  kube: Kube,
  namespace: string,
  described: readonly KubeObject[],
): Promise<CheckResult[]> {
  const knativeServices = namesOfServices(described);
  const services = knativeServices.map((name) => ({ apiVersion: "v1", kind: "Service", name }));
  const others = described.flatMap(({ apiVersion, kind, metadata: { name } }) =>
    knativeServices.includes(name) && isKnativeService({ apiVersion, kind })
      ? []
      : [{ apiVersion, kind, name }],
  );
  const inNamespace = [...others, ...services].filter(({ kind }) => kind !== "Namespace");
  const checks: CheckResult[] = [];
  for (const [kind, wanted] of Map.groupBy(inNamespace, ({ kind }) => kind)) {
    const [first] = wanted;
    if (first === undefined) continue;
    // The cluster has further objects, such as the VirtualServices that Knative makes.
    const { items } = await kube.list({ apiVersion: first.apiVersion, kind }, { namespace });
    checks.push(namesCheck(kind, [...new Set(wanted.map(({ name }) => name))], items));
  }
  const rules = await kube.list(apiKind("destinationRules"), { namespace });
  return [...checks, destinationRulesCheck(rules.items, knativeServices)];
}

/** The names of the Knative Services among objects. */
export function namesOfServices(objects: readonly KubeObject[]): string[] {
  const services = objects.filter(isKnativeService);
  return [...new Set(services.map(({ metadata }) => metadata.name))];
}

function isKnativeService({ apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">): boolean {
  return kindNamed(apiVersion, kind) === "knativeServices";
}

/** Checks that each Knative Service and its revisions are ready, and that each running pod has its sidecar. */
export function workloadChecks(services: readonly ServiceView[], names: readonly string[]): CheckResult[] {
  const results = names.map((name) => {
    const service = services.find((found) => found.name === name);
    const seen =
      service === undefined
        ? "not there"
        : service.health === "ready"
          ? "ready"
          : (service.message ?? service.health);
    return equalCheck("workload", `Knative Service ${name}`, "ready", seen);
  });
  for (const { revisions } of services) {
    for (const { name, health, message, pods, percent, tags } of revisions) {
      if (percent === 0 && tags.length === 0) continue;
      const seen = health === "ready" || health === "idle" ? "ready" : (message ?? health);
      results.push(equalCheck("workload", `revision ${name}`, "ready", seen));
      for (const pod of pods) {
        const found = `${pod.containers} ready, ${pod.hasSidecar ? "with" : "without"} sidecar`;
        const all = pod.containers.split("/")[1] ?? "0";
        results.push(equalCheck("workload", `pod ${pod.name}`, `${all}/${all} ready, with sidecar`, found));
      }
    }
  }
  return results;
}

function namesCheck(what: string, wanted: readonly string[], items: readonly KubeObject[]): CheckResult {
  const names = new Set(items.map(({ metadata }) => metadata.name));
  const found = wanted.filter((name) => names.has(name));
  return equalCheck("objects", what, wanted.join(", "), found.join(", ") || "none");
}

/** Checks that no DestinationRule is on the host of a revision, whose Service belongs to Knative. */
function destinationRulesCheck(items: readonly KubeObject[], services: readonly string[]): CheckResult {
  const onRevisions = items.filter(({ spec }) => {
    const host = typeof spec === "object" && spec !== null && "host" in spec ? String(spec.host) : "";
    return services.some((service) => host.startsWith(`${service}-`));
  });
  const seen = onRevisions.map(({ metadata }) => metadata.name).join(", ") || "none";
  return equalCheck("objects", "destination rules on a revision's host", "none", seen);
}
