import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inShort, ServedPods } from "../testing/served-pods.ts";
import { hasQueueProxyMetrics, queueProxySource } from "./queue-proxy-outcomes.ts";

/**
 * The recorded metrics of a queue-proxy after 200, 200, 503 and 404, and 200 for tag v2, at 0, 7, 14, 21 and 28 ms:
 * from Serving 1.15 itself, and for 1.24 from otelhttp 0.72, which it uses, with its labels.
 */
const recorded = (version: string): Promise<string> =>
  readFile(join(import.meta.dir, `serving-${version}.txt`), "utf8");

const labels = (revision: string): Record<string, string> => ({
  "serving.knative.dev/service": "echo",
  "serving.knative.dev/revision": revision,
});

// A source looks once a second, so each test waits for most of its time.
describe.concurrent("outcomes by the queue-proxy", () => {
  test.each([
    ["1.15", ["0-5", "5-10", "10-20", "20-40"]],
    ["1.24", ["0-5", "5-10", "10-25", "10-25"]],
  ])(
    "of Serving %s are those that the split decided, by the pod's revision",
    async (version, latencies) => {
      const page = await recorded(version);
      using pods = new ServedPods();
      const source = queueProxySource({ kube: pods.kubelet.kube, namespace: "shop", service: "echo" });
      const seen = await pods.reported(
        source,
        () => pods.start("echo-v2-1", labels("echo-v2"), () => page),
        4,
      );
      expect(inShort(seen).sort()).toEqual(
        [
          `echo-v2 ok 1 in ${latencies[0]} ms`,
          `echo-v2 ok 1 in ${latencies[1]} ms`,
          `echo-v2 failed 1 in ${latencies[2]} ms`,
          `echo-v2 rejected 1 in ${latencies[3]} ms`,
        ].sort(),
      );
    },
    30_000,
  );

  test("include those that a tag decided, if a preview needs them", async () => {
    const page = await recorded("1.15");
    using pods = new ServedPods();
    const source = queueProxySource({ kube: pods.kubelet.kube, namespace: "shop", service: "echo" });
    const all = { ...source, outcomes: (signal: AbortSignal) => source.outcomes(signal, { pinned: true }) };
    const seen = await pods.reported(all, () => pods.start("echo-v2-1", labels("echo-v2"), () => page), 5);
    expect(seen.map(({ pinned = false }) => pinned).sort()).toEqual([false, false, false, false, true]);
  });

  test("count the increases at pods that existed before", async () => {
    const page = await recorded("1.15");
    const later = page.replaceAll(/(response_code="503".*) 1$/gm, "$1 4");
    let current = page;
    using pods = new ServedPods();
    pods.start("echo-v2-1", labels("echo-v2"), () => current);
    pods.start("other-1", { "serving.knative.dev/service": "other" }, () => current);
    const source = queueProxySource({ kube: pods.kubelet.kube, namespace: "shop", service: "echo" });
    const seen = await pods.reported(source, () => (current = later), 3);
    expect(inShort(seen)).toEqual(["echo-v2 failed 3 in 10-20 ms"]);
  });

  test("are found if a pod of the service answers", async () => {
    using pods = new ServedPods();
    const options = { kube: pods.kubelet.kube, namespace: "shop", service: "echo" };
    pods.start("other-1", { "serving.knative.dev/service": "other" }, () => "");
    expect(await hasQueueProxyMetrics(options)).toBe(false);
    pods.start("echo-v2-1", labels("echo-v2"), () => "");
    expect(await hasQueueProxyMetrics(options)).toBe(true);
  });
});
