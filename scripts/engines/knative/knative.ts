import type { EngineDefinition } from "../engine.ts";

/** The traffic block of a Knative Service. */
export const knative: EngineDefinition = {
  name: "knative",
  summary: "the traffic block of the Knative Service",
  location: "cluster",
  async detect(context) {
    const { knativeEngine, isThere, noService } = await import("./knative-engine.ts");
    const { namespace, service } = context;
    const kube = await context.kube();
    return (await isThere(kube, namespace, service))
      ? knativeEngine({ kube, namespace, service })
      : { because: noService(namespace, service) };
  },
  async open(context) {
    const { knativeEngine } = await import("./knative-engine.ts");
    const { namespace, service } = context;
    return knativeEngine({ kube: await context.kube(), namespace, service });
  },
};
