import type { SourceDefinition } from "../source.ts";

/** Envoy's statistics by cluster, in the ingress gateway and in sidecars. */
export const envoy: SourceDefinition = {
  name: "envoy",
  summary: "the requests of each revision, as counted by gateway and sidecars; read by port-forward",
  locations: ["cluster"],
  flags: [],
  inCluster: () => true,
  async applies(context) {
    const { hasEnvoyStatistics } = await import("./envoy-outcomes.ts");
    const { namespace, service } = context;
    return hasEnvoyStatistics({ kube: await context.kube(), namespace, service });
  },
  async open(context) {
    const { envoySource } = await import("./envoy-outcomes.ts");
    const { namespace, service } = context;
    return envoySource({ kube: await context.kube(), namespace, service });
  },
};
