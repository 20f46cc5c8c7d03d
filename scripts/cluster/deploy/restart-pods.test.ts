import { describe, expect, test } from "bun:test";
import type { KubeObject } from "../kube/kube-object.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { renewPods } from "./restart-pods.ts";

const labels = (revision: string) => ({
  "serving.knative.dev/service": "credit-check",
  "serving.knative.dev/revision": revision,
});

function pod(name: string, revision: string, ready: boolean): KubeObject {
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "kyc", labels: labels(revision) },
    status: { conditions },
  };
}

const stranger: KubeObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "stranger", namespace: "kyc" },
};

describe("starting pods again", () => {
  test("deletes those of Knative Services, and waits until each revision has a new one that is ready", async () => {
    const cluster = new FakeCluster("fake", [
      pod("basic-1", "basic", true),
      pod("advanced-1", "advanced", true),
      stranger,
    ]);
    let looks = 0;
    const pause = async (): Promise<void> => {
      looks++;
      if (looks === 1) cluster.put(pod("basic-2", "basic", true));
      if (looks === 2) cluster.put(pod("advanced-2", "advanced", false));
      if (looks === 3) cluster.put(pod("advanced-2", "advanced", true));
    };
    const { signal } = new AbortController();
    expect(await renewPods(cluster.kube, "kyc", { signal, timeoutMs: 60_000, pause })).toBe(2);
    expect(looks).toBe(3);
    expect(cluster.names.filter((name) => name.startsWith("Pod"))).toEqual([
      "Pod kyc/advanced-2",
      "Pod kyc/basic-2",
      "Pod kyc/stranger",
    ]);
  });

  test("does nothing at zero", async () => {
    const cluster = new FakeCluster("fake", [stranger]);
    const { signal } = new AbortController();
    const pause = (): Promise<void> => Promise.reject(new Error("nothing to wait for"));
    expect(await renewPods(cluster.kube, "kyc", { signal, timeoutMs: 60_000, pause })).toBe(0);
  });

  test("continues after its time limit, and ends with the signal", async () => {
    const one = (): FakeCluster => new FakeCluster("fake", [pod("basic-1", "basic", true)]);
    const pause = async (): Promise<void> => undefined;
    const { signal } = new AbortController();
    expect(await renewPods(one().kube, "kyc", { signal, timeoutMs: 0, pause })).toBe(1);
    const aborted = AbortSignal.abort(new Error("enough"));
    const renewal = renewPods(one().kube, "kyc", { signal: aborted, timeoutMs: 60_000, pause });
    await expect(renewal).rejects.toThrow("enough");
  });
});
