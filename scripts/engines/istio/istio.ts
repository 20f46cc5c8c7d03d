import type { EngineDefinition } from "../engine.ts";

/** The weights of a VirtualService between revisions or their tags. */
export const istio: EngineDefinition = {
  name: "istio",
  summary: "the weights of a VirtualService",
  location: "cluster",
  async detect(context) {
    const [{ istioEngine, noWeights }, { findSplitRule }] = await Promise.all([
      import("./istio-engine.ts"),
      import("./split-rule.ts"),
    ]);
    const { namespace, service } = context;
    const kube = await context.kube();
    return (await findSplitRule(kube, namespace, service)) === undefined
      ? { because: noWeights(namespace, service) }
      : istioEngine({ kube, namespace, service });
  },
  async open(context) {
    const { istioEngine } = await import("./istio-engine.ts");
    const { namespace, service } = context;
    return istioEngine({ kube: await context.kube(), namespace, service });
  },
};
