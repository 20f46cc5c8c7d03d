import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { Kube } from "../../scripts/cluster/kube/client.ts";
import { connect, type Connection, Unreachable } from "../../scripts/cluster/kube/connection.ts";
import { forwardPort } from "../../scripts/cluster/kube/port-forward.ts";
import { rejection } from "../../scripts/cluster/kube/testing/rejection.ts";
import { FakeKubelet } from "../../scripts/cluster/kube/testing/fake-kubelet.ts";
import { watch } from "../../scripts/cluster/kube/watch.ts";
import { FakeCluster } from "../../scripts/cluster/testing/fake-cluster.ts";
import { ApiProxy } from "./api-proxy.ts";
import { FaultyConnection } from "./faulty-connection.ts";

const CONFIG_MAP = { apiVersion: "v1", kind: "ConfigMap" };
const A = { ...CONFIG_MAP, metadata: { name: "a", namespace: "kyc" }, data: { key: "value" } };

async function through(proxy: ApiProxy): Promise<Kube> {
  return new Kube(connect({ kubeconfig: await readFile(proxy.kubeconfig, "utf8"), timeoutMs: 5_000 }));
}

describe("a proxy in front of an API server", () => {
  test("forwards requests and counts them by kind", async () => {
    const cluster = new FakeCluster("fake", [A]);
    await using proxy = await ApiProxy.start(cluster);
    const kube = await through(proxy);
    const ref = { ...CONFIG_MAP, name: "a", namespace: "kyc" };
    expect(await kube.get(ref)).toMatchObject({ data: { key: "value" } });
    await kube.patch(ref, { data: { key: "other" } }, { fieldManager: "test" });
    expect(await kube.get({ ...ref, name: "b" })).toBeUndefined();
    expect(cluster.get(ref)).toMatchObject({ data: { key: "other" } });
    expect(Object.fromEntries(proxy.counts)).toEqual({
      "GET discovery": 1,
      "GET configmaps": 2,
      "PATCH configmaps": 1,
    });
    expect(proxy.total).toBe(4);
  });

  test("refuses requests without the token of its kubeconfig", async () => {
    const cluster = new FakeCluster("fake", [A]);
    await using proxy = await ApiProxy.start(cluster);
    const kubeconfig = (await readFile(proxy.kubeconfig, "utf8")).replace(/"token":"[^"]*"/, '"token":"x"');
    const kube = new Kube(connect({ kubeconfig, timeoutMs: 5_000 }));
    expect((await rejection(kube.list(CONFIG_MAP))).message).toContain("401");
  });

  test("cuts the connection if the connection behind it throws", async () => {
    const cut: Connection = {
      context: "cut",
      server: "",
      namespace: undefined,
      send: () => Promise.reject(new Error("closed")),
      open: () => Promise.reject(new Error("closed")),
    };
    await using proxy = await ApiProxy.start(cut);
    expect(await rejection((await through(proxy)).list(CONFIG_MAP))).toBeInstanceOf(Unreachable);
  });

  test("forwards the port of a pod", async () => {
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("from the pod") });
    using kubelet = new FakeKubelet(new FakeCluster());
    kubelet.pods.set("a", server.port ?? 0);
    await using proxy = await ApiProxy.start(kubelet.kube.connection);
    using forward = await forwardPort({ kube: await through(proxy), namespace: "kyc", pod: "a", port: 80 });
    expect(await (await fetch(forward.url)).text()).toBe("from the pod");
    expect(proxy.counts.get("GET pods/portforward")).toBe(1);
  });

  test("lets a watch see every change despite broken streams and refused requests", async () => {
    const cluster = new FakeCluster("fake", [A]);
    const faulty = new FaultyConnection(cluster, 4);
    faulty.isFaulty = false;
    await using proxy = await ApiProxy.start(faulty);
    const kube = await through(proxy);
    const end = new AbortController();
    const seen = new Set<string>();
    let troubles = 0;
    const watching = watch(
      kube,
      CONFIG_MAP,
      { namespace: "kyc", signal: end.signal, maxPauseMs: 20, onTrouble: () => troubles++ },
      (objects) => objects.keys().forEach((key) => seen.add(key)),
    );
    while (seen.size === 0) await Bun.sleep(5);
    faulty.isFaulty = true;
    // The stream that was opened before has no faults.
    cluster.watches.end();
    for (let i = 0; i < 30; i++) {
      cluster.put({ ...A, metadata: { name: `b${i}`, namespace: "kyc" } });
      if (i % 3 === 0) cluster.watches.end();
      await Bun.sleep(10);
    }
    while (seen.size < 31) await Bun.sleep(5);
    end.abort();
    await watching;
    expect(troubles).toBeGreaterThan(0);
    expect(faulty.refused).toBeGreaterThan(0);
  });
});
