import { FakeCluster } from "../../cluster/testing/fake-cluster.ts";
import type { KubeObject } from "../../cluster/kube/kube-object.ts";
import { KNATIVE_SERVICE, REVISION } from "../../cluster/workload/live-objects.ts";
import { VIRTUAL_SERVICE } from "../on-cluster/live-virtual-service.ts";

export const NAMESPACE = "kyc";
export const SERVICE = { ...KNATIVE_SERVICE, namespace: NAMESPACE, name: "credit-check" };
export const SPLIT = { ...VIRTUAL_SERVICE, namespace: NAMESPACE, name: "kyc-credit-check" };

/** A cluster in memory with a credit check of two revisions, split half and half. */
export class FakeSplit {
  readonly cluster = new FakeCluster("fake");
  #generation = 1;

  constructor(virtualService?: object) {
    const { cluster } = this;
    cluster.know({ ...KNATIVE_SERVICE, plural: "services", namespaced: true });
    cluster.know({ ...REVISION, plural: "revisions", namespaced: true });
    cluster.know({ ...VIRTUAL_SERVICE, plural: "virtualservices", namespaced: true });
    cluster.put(serviceObject());
    for (const [i, name] of ["credit-check-basic", "credit-check-advanced"].entries())
      cluster.put(revisionObject(name, i));
    if (virtualService !== undefined) cluster.put(splitObject(virtualService));
  }

  /** Another field manager changes the spec of an object. */
  change(ref: typeof SERVICE | typeof SPLIT, spec: object, manager = "kubectl-edit"): void {
    const object = this.cluster.get(ref) as KubeObject;
    const [field] = Object.keys(spec);
    const managedFields = [
      { manager, time: "2026-01-02T03:04:05Z", fieldsV1: { "f:spec": { [`f:${field}`]: {} } } },
    ];
    this.cluster.put({
      ...object,
      metadata: {
        ...object.metadata,
        generation: ++this.#generation + 100,
        managedFields,
      } as KubeObject["metadata"],
      spec: { ...(object.spec as object), ...spec },
    });
  }

  /** A status changes, and with it the resourceVersion, but not the generation. */
  touch(ref: typeof SERVICE | typeof SPLIT): void {
    this.cluster.put(this.cluster.get(ref) as KubeObject);
  }
}

/** Responds like the API server to a write with an old resourceVersion; null accepts it. */
export function conflictOf(
  cluster: FakeCluster,
  ref: typeof SERVICE | typeof SPLIT,
  body: unknown,
): Response | null {
  const given = (body as KubeObject).metadata.resourceVersion;
  const current = cluster.get(ref)?.metadata.resourceVersion;
  if (given === undefined || given === current) return null;
  return Response.json({ kind: "Status", code: 409, reason: "Conflict", message: "old" }, { status: 409 });
}

function serviceObject(): KubeObject {
  const target = (name: string) => ({
    revisionName: `credit-check-${name}`,
    tag: name,
    latestRevision: false,
    percent: 50,
  });
  const traffic = [target("basic"), target("advanced")];
  return {
    ...KNATIVE_SERVICE,
    metadata: { name: "credit-check", namespace: NAMESPACE, uid: "u", generation: 1 },
    spec: { traffic },
    status: { observedGeneration: 1, latestReadyRevisionName: "credit-check-advanced", traffic },
  };
}

function revisionObject(name: string, age: number): KubeObject {
  return {
    ...REVISION,
    metadata: {
      name,
      namespace: NAMESPACE,
      creationTimestamp: `2026-01-01T00:00:0${age}Z`,
      labels: { "serving.knative.dev/service": "credit-check" },
    },
    spec: { containers: [{ image: "x" }] },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
}

function splitObject(spec: object): KubeObject {
  return {
    ...VIRTUAL_SERVICE,
    metadata: { name: "kyc-credit-check", namespace: NAMESPACE, uid: "v", generation: 1 },
    spec,
  };
}
