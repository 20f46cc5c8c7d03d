import { describe, expect, test } from "bun:test";
import type { KubeObject } from "../cluster/kube/kube-object.ts";
import { deployedCluster } from "../cluster/live/deployed-cluster.ts";
import { fakePlatform } from "../cluster/platform/fake-platform.ts";
import { takeBack } from "./remove-deployed.ts";

const ours = { "app.kubernetes.io/managed-by": "kyc" };

function object(apiVersion: string, kind: string, namespace: string, name: string, labels = {}): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace, labels } };
}

describe("removing the deployed objects", () => {
  test("removes all deployed objects, and leaves others, the platform and its record", async () => {
    const cluster = await deployedCluster("knative", "istio");
    cluster.put(object("v1", "ConfigMap", "kube-system", "kyc-platform", ours));
    cluster.put(object("v1", "Secret", "kyc", "theirs"));
    const { platform } = fakePlatform({ cluster });
    expect(await takeBack(platform, "kyc")).toEqual([]);
    expect(cluster.names.filter((name) => !name.startsWith("Revision "))).toEqual([
      "ConfigMap kube-system/kyc-platform",
      "Secret kyc/theirs",
    ]);
  });

  test("names the remaining objects, of any kind and in any namespace", async () => {
    const cluster = await deployedCluster("knative", "istio");
    cluster.know({
      apiVersion: "extensions.istio.io/v1alpha1",
      kind: "WasmPlugin",
      plural: "wasmplugins",
      namespaced: true,
    });
    cluster.put(object("extensions.istio.io/v1alpha1", "WasmPlugin", "elsewhere", "forgotten", ours));
    const { platform } = fakePlatform({ cluster });
    expect(await takeBack(platform, "kyc")).toEqual(["WasmPlugin elsewhere/forgotten"]);
  });

  test("waits for garbage collection", async () => {
    const cluster = await deployedCluster("knative", "istio");
    const late = object("v1", "Secret", "elsewhere", "late", ours);
    cluster.put(late);
    let looks = 0;
    cluster.fault = (method, path) => {
      if (method === "GET" && path.startsWith("/api/v1/secrets?") && ++looks === 3)
        cluster.remove({ ...late, name: "late", namespace: "elsewhere" });
      return undefined;
    };
    expect(await takeBack(fakePlatform({ cluster }).platform, "kyc")).toEqual([]);
    expect(looks).toBe(3);
  });

  test("tolerates parts of the API that do not answer, or may not be read", async () => {
    const cluster = await deployedCluster("knative", "istio");
    cluster.know({ apiVersion: "metrics.example/v1", kind: "Metric", plural: "metrics", namespaced: true });
    cluster.fault = (_, path) => {
      if (path === "/apis/metrics.example/v1") return new Response("", { status: 503 });
      return path.startsWith("/api/v1/secrets?") ? new Response("", { status: 403 }) : undefined;
    };
    expect(await takeBack(fakePlatform({ cluster }).platform, "kyc")).toEqual([]);
  });

  test("stops when the user ends it", async () => {
    const cluster = await deployedCluster("knative", "istio");
    const { platform } = fakePlatform({ cluster, signal: AbortSignal.abort() });
    await expect(takeBack(platform, "kyc")).rejects.toThrow("interrupted");
    expect(cluster.names).toContain("VirtualService kyc/kyc");
  });
});
