import type { SourceDefinition } from "../source.ts";

/** The metrics of this project's own services, read from their pods. */
export const pods: SourceDefinition = {
  name: "pods",
  summary: "the calls to the service, as counted by the pods of its callers; read by port-forward",
  locations: ["cluster"],
  flags: [],
  inCluster: () => true,
  async applies(context) {
    const { hasPodMetrics } = await import("./pod-outcomes.ts");
    const { namespace, service } = context;
    return hasPodMetrics({ kube: await context.kube(), namespace, service });
  },
  async open(context) {
    const { podSource } = await import("./pod-outcomes.ts");
    const { namespace, service } = context;
    return podSource({ kube: await context.kube(), namespace, service });
  },
};
