import { apiKind } from "../../manifests/kinds/registry.ts";
import type { Kube } from "../kube/client.ts";
import type { KubeObject } from "../kube/kube-object.ts";
import type { ServiceView } from "../workload/workload-view.ts";
import { type CheckResult, equalCheck } from "./check.ts";

/** Checks the objects of the ingress and of the split. */
export async function objectChecks(kube: Kube, namespace: string): Promise<CheckResult[]> {
  const [gateways, virtualServices, rules, services] = await Promise.all([
    kube.list(apiKind("gateways"), { namespace }),
    kube.list(apiKind("virtualServices"), { namespace }),
    kube.list(apiKind("destinationRules"), { namespace }),
    kube.list({ apiVersion: "v1", kind: "Service" }, { namespace }),
  ]);
  return [
    namesCheck("gateways", ["kyc"], gateways.items),
    // Knative creates further VirtualServices.
    namesCheck("virtual services", ["kyc", "kyc-credit-check"], virtualServices.items),
    namesCheck("services", ["kyc-aggregator", "kyc-credit-check", "credit-check"], services.items),
    destinationRulesCheck(rules.items),
  ];
}

/** Checks that each Knative Service and its revisions are ready, and that each running pod has its sidecar. */
export function workloadChecks(services: readonly ServiceView[]): CheckResult[] {
  const results = ["kyc-aggregator", "credit-check"].map((name) => {
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
function destinationRulesCheck(items: readonly KubeObject[]): CheckResult {
  const onRevisions = items.filter(({ spec }) => {
    const host = typeof spec === "object" && spec !== null && "host" in spec ? String(spec.host) : "";
    return host.startsWith("credit-check-") || host.startsWith("kyc-aggregator-");
  });
  const seen = onRevisions.map(({ metadata }) => metadata.name).join(", ") || "none";
  return equalCheck("objects", "destination rules on a revision's host", "none", seen);
}
