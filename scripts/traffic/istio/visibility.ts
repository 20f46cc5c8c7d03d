import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";

/** The default namespace of the ingress gateway. */
export const GATEWAY_NAMESPACE = "istio-system";

/** The fields of a VirtualService that determine the namespaces it applies to. */
interface Exported {
  metadata: { namespace?: string | undefined };
  spec: Pick<VirtualService["spec"], "exportTo">;
}

/** Returns the namespaces whose proxies see a VirtualService; undefined if all do. */
export function namespacesSeeing({ metadata, spec }: Exported): readonly string[] | undefined {
  const { exportTo = [] } = spec;
  if (exportTo.length === 0 || exportTo.includes("*")) return undefined;
  return exportTo
    .filter((name) => name !== "~")
    .map((name) => (name === "." ? (metadata.namespace ?? "default") : name));
}

/** Whether the proxies of a namespace see a VirtualService. (istio, pkg/config/visibility) */
export function isSeenFrom(namespace: string, exported: Exported): boolean {
  return namespacesSeeing(exported)?.includes(namespace) ?? true;
}

/** Whether the proxies of some namespace see both VirtualServices. */
export function areSeenTogether(a: Exported, b: Exported): boolean {
  const [ofA, ofB] = [namespacesSeeing(a), namespacesSeeing(b)];
  if (ofA === undefined) return ofB === undefined || ofB.length > 0;
  return ofA.some((namespace) => isSeenFrom(namespace, b));
}
