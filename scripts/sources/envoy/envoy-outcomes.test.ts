import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REVISION } from "../../cluster/workload/live-objects.ts";
import { readSamples } from "../metrics/samples.ts";
import { inShort, ServedPods } from "../testing/served-pods.ts";
import { ClusterCounters } from "./cluster-counters.ts";
import { envoySource, hasEnvoyStatistics } from "./envoy-outcomes.ts";

/**
 * The answer of Envoy 1.40 with the tags of Istio's bootstrap, after six requests to credit-check-basic (200 twice, 200
 * after 30 ms, 500, 404 after 3 ms, and a timeout of 200 ms), two to credit-check-advanced, which nothing listened for,
 * and one to another service. Before the first flush the histograms were empty.
 *
 * The page of istio-1.31-subsets is of a sidecar of istiod 1.31 that sent requests to two subsets.
 */
const recorded = (when: "before-flush" | "after-flush"): Promise<string> =>
  readFile(join(import.meta.dir, `envoy-1.40-${when}.txt`), "utf8");

const revisionOf = (cluster: string): string | undefined => /credit-check-\w+/.exec(cluster)?.[0];
const countersFor = (): ClusterCounters => new ClusterCounters(revisionOf);
const read = (counters: ClusterCounters, page: string) => readSamples(page, (name) => counters.reads(name));

describe("Envoy's statistics of clusters", () => {
  test("are outcomes of revisions, with latencies in the proportions of all", async () => {
    const counters = countersFor();
    const samples = read(counters, await recorded("after-flush"));
    const seen = counters.added("gateway", samples, { fromMs: 10, atMs: 20, beganAfterMs: 5 });
    expect(inShort(seen)).toEqual([
      "credit-check-basic ok 1 in 0-0.5 ms",
      "credit-check-basic ok 1 in 1-5 ms",
      "credit-check-basic ok 1 in 5-10 ms",
      "credit-check-basic rejected 1 in 0-0.5 ms",
      "credit-check-basic failed 1 in 0-0.5 ms",
      "credit-check-basic failed 1 in 0-0.5 ms",
    ]);
    expect(seen.every(({ sinceMs, atMs }) => sinceMs === 5 && atMs === 20)).toBe(true);
  });

  test("count each request once although the counts by class of status have the same name", async () => {
    const counters = new ClusterCounters((cluster) => cluster.split("|")[2]);
    const page = await readFile(join(import.meta.dir, "istio-1.31-subsets.txt"), "utf8");
    const seen = counters.added("sidecar", read(counters, page), { fromMs: 10, atMs: 20, beganAfterMs: 5 });
    const counts = (wanted: boolean, subset: string): number =>
      seen
        .filter(({ revision, ok }) => revision === subset && ok === wanted)
        .reduce((sum, { count }) => sum + count, 0);
    expect([counts(true, "v1"), counts(false, "v1")]).toEqual([3_927, 0]);
    expect([counts(true, "v2"), counts(false, "v2")]).toEqual([1_392, 33]);
  });

  test("distinguish callers that gave up from requests that timed out", () => {
    const counters = countersFor();
    const page = (statuses: number, ended: number, timedOut: number): string =>
      [
        `envoy_cluster_upstream_rq{response_code="504",cluster_name="|||credit-check-basic"} ${statuses}`,
        `envoy_cluster_upstream_rq_tx_reset{cluster_name="|||credit-check-basic"} ${ended}`,
        `envoy_cluster_upstream_rq_timeout{cluster_name="|||credit-check-basic"} ${timedOut}`,
      ].join("\n");
    const look = (text: string, atMs: number): string[] =>
      counters
        .added("sidecar", read(counters, text), { fromMs: atMs, atMs, beganAfterMs: 0 })
        .map(({ kind, ok, count }) => `${kind ?? "answered"} ${ok} ${count}`);
    expect(look(page(1, 1, 1), 0)).toEqual([]);
    expect(look(page(3, 8, 3), 11_000)).toEqual(["answered false 3", "abandoned false 5"]);
    // A reset is counted before its timeout: no counter fell, and nothing is reported.
    expect(look(page(3, 9, 3), 12_000)).toEqual([]);
    expect(look(page(4, 9, 4), 30_000)).toEqual(["answered false 1"]);
  });

  test("wait for the latencies of Envoy's next flush, but not for long if there are none", async () => {
    const counters = countersFor();
    const [before, after] = await Promise.all([recorded("before-flush"), recorded("after-flush")]);
    const look = (page: string, atMs: number): string[] =>
      inShort(counters.added("gateway", read(counters, page), { fromMs: atMs, atMs, beganAfterMs: 0 }));
    expect(look(before, 1_000)).toEqual([]);
    const flushed = look(after, 6_000);
    expect(flushed).toHaveLength(6);
    expect(flushed.filter((text) => text.includes("advanced"))).toEqual([]);
    expect(look(after, 10_500)).toEqual(["credit-check-advanced failed 2 in undefined-0 ms"]);
    expect(look(after, 11_500)).toEqual([]);
  });

  test("begin at zero if a proxy restarted, and omit counts before the first reading", async () => {
    const page = await recorded("after-flush");
    const counters = countersFor();
    expect(counters.added("old", read(counters, page), { fromMs: 0, atMs: 0 })).toEqual([]);
    const again = page.replaceAll(/(envoy_cluster_upstream_rq\{response_code="200".*\}) 3/g, "$1 2");
    const seen = counters.added("old", read(counters, again), { fromMs: 1, atMs: 1 });
    expect(seen.reduce((sum, { count }) => sum + count, 0)).toBe(5);
    counters.keep(new Set());
    expect(counters.added("old", read(counters, page), { fromMs: 2, atMs: 2 })).toEqual([]);
  });
});

describe("outcomes by Envoy", () => {
  test("are those of gateway and sidecars, only for the revisions of the service", async () => {
    const page = (await recorded("after-flush")).replaceAll(".kyc.svc", ".shop.svc");
    using pods = new ServedPods();
    pods.cluster.know({ ...REVISION, plural: "revisions", namespaced: true });
    for (const [service, name] of [
      ["credit-check", "credit-check-basic"],
      ["other", "credit-check-advanced"],
    ] as const) {
      const labels = { "serving.knative.dev/service": service };
      pods.cluster.put({ ...REVISION, metadata: { name, namespace: "shop", labels }, spec: {} });
    }
    const options = { kube: pods.kubelet.kube, namespace: "shop", service: "credit-check" };
    expect(await hasEnvoyStatistics(options)).toBe(false);
    const source = envoySource(options);
    const seen = await pods.reported(
      source,
      () => pods.start("gateway-1", { istio: "ingressgateway" }, () => page),
      6,
    );
    expect(await hasEnvoyStatistics(options)).toBe(true);
    expect([...new Set(seen.map(({ revision }) => revision))]).toEqual(["credit-check-basic"]);
    expect(seen.filter(({ ok }) => !ok)).toHaveLength(2);
  });

  test.each([
    ["subsets", "outbound|80|v1|credit-check.shop.svc", "v1"],
    ["Services of versions", "outbound|80||credit-check-v1.shop.svc", "credit-check-v1"],
  ])("are those of %s if the service has no revisions of Knative", async (_, cluster, revision) => {
    const page = (await recorded("after-flush")).replaceAll(
      "outbound|80||credit-check-basic.kyc.svc",
      cluster,
    );
    using pods = new ServedPods();
    pods.cluster.know({ ...REVISION, plural: "revisions", namespaced: true });
    const source = envoySource({ kube: pods.kubelet.kube, namespace: "shop", service: "credit-check" });
    const seen = await pods.reported(
      source,
      () => pods.start("gateway-1", { istio: "ingressgateway" }, () => page),
      6,
    );
    expect([...new Set(seen.map(({ revision }) => revision))]).toEqual([revision]);
  });
});
