import Type from "typebox";
import { Check } from "typebox/schema";
import type { KubeObject } from "../kube/kube-object.ts";
import type { FakeCluster } from "../testing/fake-cluster.ts";
import { readyCondition } from "../workload/fake-objects.ts";
import { isKnativeService } from "./deploy-plan.ts";

const Applied = Type.Object({
  spec: Type.Object({
    template: Type.Object({
      metadata: Type.Optional(Type.Object({ name: Type.Optional(Type.String()) })),
      spec: Type.Unknown(),
    }),
    traffic: Type.Optional(Type.Unknown()),
  }),
});

export interface RunKnativeOptions {
  /** How long after an apply the revision is there and ready. @default 0, at once */
  afterMs?: number;
  /** Whether services and revisions become ready. @default true */
  ready?: boolean | "unknown";
}

/**
 * Simulates Knative's controllers: each applied service gets the revision of its template, and both become ready. An
 * earlier `react` still applies.
 */
export function runKnative(
  cluster: FakeCluster,
  { afterMs = 0, ready = true }: RunKnativeOptions = {},
): void {
  const before = cluster.react;
  const generations = new Map<string, number>();
  let last = 0;
  cluster.react = (object, path) => {
    before(object, path);
    if (object === undefined || !isKnativeService(object)) return;
    const { name } = object.metadata;
    // Only a change of the desired state makes a new generation.
    const wanted = JSON.stringify([name, object.spec]);
    const current = generations.get(wanted) ?? ++last;
    generations.set(wanted, current);
    if (afterMs > 0) cluster.put({ ...object, metadata: { ...object.metadata, generation: current } });
    const act = (): void => reconcile(cluster, object, current, ready);
    if (afterMs === 0) act();
    else setTimeout(act, afterMs);
    if (!Check(Applied, object)) throw new Error(`${name} has no template`);
  };
}

function reconcile(
  cluster: FakeCluster,
  object: KubeObject,
  generation: number,
  ready: boolean | "unknown",
): void {
  if (!Check(Applied, object)) return;
  const { name, namespace } = object.metadata;
  const revision = object.spec.template.metadata?.name ?? `${name}-${String(generation).padStart(5, "0")}`;
  const conditions = [readyCondition({ ready })];
  cluster.put({
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata: {
      name: revision,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { "serving.knative.dev/service": name },
    },
    spec: object.spec.template.spec,
    status: { conditions },
  });
  cluster.put({
    ...object,
    metadata: { ...object.metadata, generation },
    status: {
      observedGeneration: generation,
      conditions,
      latestCreatedRevisionName: revision,
      latestReadyRevisionName: revision,
      traffic: object.spec.traffic,
    },
  });
}
