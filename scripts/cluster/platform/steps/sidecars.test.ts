import { describe, expect, test } from "bun:test";
import type { KubeObject } from "../../kube/kube-object.ts";
import { FakeCluster } from "../../testing/fake-cluster.ts";
import { readLedger } from "../ledger.ts";
import { deployment, fakePlatform, namespace, podOf } from "../fake-platform.ts";
import { removeSidecars, sidecarStep } from "./sidecars.ts";

const SERVING = "knative-serving";
const NAMESPACE = { apiVersion: "v1", kind: "Namespace", name: SERVING };
const WITH = ["main", "istio-proxy"];
const ENABLED = { "istio-injection": "enabled" };

function serving(
  labels: Record<string, string>,
  containers: readonly string[],
  ...more: KubeObject[]
): FakeCluster {
  const cluster = new FakeCluster("c", [
    namespace(SERVING, labels),
    deployment(SERVING, "activator"),
    podOf(SERVING, "activator", containers),
    // The controller of net-istio is outside of the mesh on purpose.
    deployment(SERVING, "net-istio-controller", { podLabels: { "sidecar.istio.io/inject": "false" } }),
    podOf(SERVING, "net-istio-controller"),
    ...more,
  ]);
  // A restart recreates a pod as the namespace's label requires.
  cluster.react = (object) => {
    if (object?.kind !== "Deployment") return;
    const injected = cluster.get(NAMESPACE)?.metadata.labels?.["istio-injection"] === "enabled";
    cluster.put(podOf(SERVING, object.metadata.name, injected ? WITH : ["main"]));
  };
  return cluster;
}

describe("Knative's sidecars", () => {
  test.each<[string, Record<string, string>, readonly string[], boolean, string]>([
    ["beside each pod", ENABLED, WITH, true, "beside each pod"],
    ["of a revision of Istio", { "istio.io/rev": "canary" }, WITH, true, "beside each pod"],
    ["not asked for", {}, ["main"], false, "the namespace knative-serving does not have the injection label"],
    ["requested after the pods were started", ENABLED, ["main"], false, "none in activator"],
  ])("%s", async (_, labels, containers, done, detail) => {
    const look = await sidecarStep.inspect(fakePlatform({ cluster: serving(labels, containers) }).platform);
    expect(look).toEqual({ done, detail });
  });

  test("may also start first, if Kubernetes supports it", async () => {
    const cluster = serving(ENABLED, ["main"]);
    const pod = podOf(SERVING, "activator");
    cluster.put({
      ...pod,
      spec: { containers: [{ name: "main" }], initContainers: [{ name: "istio-proxy" }] },
    });
    expect((await sidecarStep.inspect(fakePlatform({ cluster }).platform)).done).toBe(true);
  });

  test("that were switched off stay so, with a warning", async () => {
    const cluster = serving({ "istio-injection": "disabled" }, ["main"]);
    const look = await sidecarStep.inspect(fakePlatform({ cluster }).platform);
    expect(look.done).toBe(true);
    expect(look.warnings?.[0]).toContain("istio-injection=disabled");
  });

  test("of a pod that is ending do not count", async () => {
    const ending = podOf(SERVING, "activator");
    ending.metadata = { ...ending.metadata, name: "activator-0", deletionTimestamp: "2026-01-01T00:00:00Z" };
    const cluster = serving(ENABLED, WITH, ending);
    expect((await sidecarStep.inspect(fakePlatform({ cluster }).platform)).done).toBe(true);
  });

  test("come by a label and one restart of those without, and go again", async () => {
    const { platform, cluster, report } = fakePlatform({ cluster: serving({ own: "label" }, ["main"]) });
    expect(await sidecarStep.run(platform, report)).toBe("beside each pod");
    expect(cluster.get(NAMESPACE)?.metadata.labels).toEqual({ own: "label", ...ENABLED });
    expect(cluster.writes.filter((write) => write.includes("/deployments/"))).toEqual([
      `PATCH /apis/apps/v1/namespaces/${SERVING}/deployments/activator`,
    ]);
    expect(await readLedger(cluster.kube)).toMatchObject([{ step: "sidecars", complete: true }]);
    await removeSidecars(platform, report);
    expect(cluster.get(NAMESPACE)?.metadata.labels).toEqual({ own: "label" });
    expect(await sidecarStep.inspect(platform)).toMatchObject({ done: false });
    expect(await readLedger(cluster.kube)).toEqual([]);
  });

  test("that were requested before are not claimed", async () => {
    const { platform, cluster, report } = fakePlatform({ cluster: serving(ENABLED, ["main"]) });
    await sidecarStep.run(platform, report);
    expect(await readLedger(cluster.kube)).toEqual([]);
  });
});
