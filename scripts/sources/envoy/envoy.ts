import type { SourceDefinition } from "../source.ts";

/** Envoy's statistics by cluster, in the ingress gateway and in sidecars. */
export const envoy: SourceDefinition = {
  name: "envoy",
  summary:
    "the requests that gateway and sidecars sent to each revision, as Envoy counts them, by port-forward",
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
