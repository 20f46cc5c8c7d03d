import type { SourceDefinition } from "../source.ts";

/** The metrics of Knative's queue-proxy, which every revision of a Knative Service has. */
export const queueProxy: SourceDefinition = {
  name: "queue-proxy",
  summary: "the requests of each revision, as counted by Knative's queue-proxy; read by port-forward",
  locations: ["cluster"],
  flags: [],
  inCluster: () => true,
  async applies(context) {
    const { hasQueueProxyMetrics } = await import("./queue-proxy-outcomes.ts");
    const { namespace, service } = context;
    return hasQueueProxyMetrics({ kube: await context.kube(), namespace, service });
  },
  async open(context) {
    const { queueProxySource } = await import("./queue-proxy-outcomes.ts");
    const { namespace, service } = context;
    return queueProxySource({ kube: await context.kube(), namespace, service });
  },
};
