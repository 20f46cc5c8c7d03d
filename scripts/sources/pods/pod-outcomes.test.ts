import { describe, expect, test } from "bun:test";
import { createMetrics, type Metrics } from "../../../functions/shared/telemetry/metrics.ts";
import type { Outcome } from "../source.ts";
import { FakeCluster } from "../../cluster/testing/fake-cluster.ts";
import { FakeKubelet } from "../../cluster/kube/testing/fake-kubelet.ts";
import { KNATIVE_SERVICE } from "../../cluster/workload/live-objects.ts";
import { podSource } from "./pod-outcomes.ts";

/** A pod of a service, as its metrics and its object. */
class Pod implements Disposable {
  readonly metrics: Metrics = createMetrics({ revision: "r" });
  readonly #server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async () => new Response(await this.metrics.text()),
  });
  readonly #system: System;
  readonly #name: string;

  constructor(system: System, name: string, service: string) {
    this.#system = system;
    this.#name = name;
    system.kubelet.pods.set(name, this.#server.port ?? 0);
    system.cluster.put({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "kyc", uid: name, labels: { "serving.knative.dev/service": service } },
      status: { phase: "Running" },
    });
  }

  /** Calls of an upstream. */
  calls(count: number, outcome = "ok", upstream = "check"): void {
    for (let i = 0; i < count; i++) this.metrics.upstreamCall({ upstream, revision: "check-a", outcome }, 2);
  }

  [Symbol.dispose](): void {
    this.#system.cluster.remove({ apiVersion: "v1", kind: "Pod", namespace: "kyc", name: this.#name });
    this.#system.kubelet.pods.delete(this.#name);
    void this.#server.stop(true);
  }
}

class System implements Disposable {
  readonly cluster = new FakeCluster("fake");
  readonly kubelet = new FakeKubelet(this.cluster);
  readonly #end = new AbortController();
  readonly counts: Record<string, number> = {};
  #listening: Promise<void> | undefined;

  constructor(...services: string[]) {
    this.cluster.know({ ...KNATIVE_SERVICE, plural: "services", namespaced: true });
    for (const name of services)
      this.cluster.put({ ...KNATIVE_SERVICE, metadata: { name, namespace: "kyc" }, spec: {} });
  }

  listen(): void {
    const options = { kube: this.kubelet.kube, namespace: "kyc", service: "check" };
    this.#listening = (async () => {
      for await (const batch of podSource(options).outcomes(this.#end.signal))
        for (const outcome of batch) this.#count(outcome);
    })();
  }

  async until(counts: Record<string, number>): Promise<void> {
    const end = performance.now() + 8_000;
    while (!Bun.deepEquals(this.counts, counts) && performance.now() < end) await Bun.sleep(20);
    expect(this.counts).toEqual(counts);
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#listening;
  }

  #count({ revision, ok, kind, excluded, count }: Outcome): void {
    const name = `${revision} ${excluded ?? kind ?? (ok ? "ok" : "failed")}`;
    this.counts[name] = (this.counts[name] ?? 0) + count;
  }

  [Symbol.dispose](): void {
    this.#end.abort();
    this.kubelet[Symbol.dispose]();
  }
}

// A source looks once a second, so each test waits for most of its time.
describe.concurrent("outcomes by the metrics of pods", () => {
  test("are those of the callers, from the start on, also of pods that come and go", async () => {
    using system = new System("check", "caller");
    using first = new Pod(system, "caller-1", "caller");
    using own = new Pod(system, "check-1", "check");
    first.calls(50);
    system.listen();
    await Bun.sleep(300);
    first.calls(3);
    first.calls(2, "server_error");
    first.calls(1, "aborted");
    first.calls(4, "server_error", "another");
    own.metrics.request({ method: "GET", route: "/", status: 200 }, 1);
    await system.until({ "check-a ok": 3, "check-a failed": 2, "check-a abandoned": 1 });
    {
      using second = new Pod(system, "caller-2", "caller");
      second.calls(10);
      await system.until({ "check-a ok": 13, "check-a failed": 2, "check-a abandoned": 1 });
    }
    first.calls(1);
    await system.until({ "check-a ok": 14, "check-a failed": 2, "check-a abandoned": 1 });
    await system.stop();
  });

  test("are the service's own if nothing else runs", async () => {
    using system = new System("check");
    using own = new Pod(system, "check-1", "check");
    system.listen();
    await Bun.sleep(300);
    own.metrics.request({ method: "GET", route: "/", status: 200 }, 1);
    own.metrics.request({ method: "GET", route: "/", status: 500 }, 1);
    own.metrics.request({ method: "GET", route: "/", status: 404 }, 1);
    await system.until({ "r ok": 1, "r failed": 1, "r rejected": 1 });
    await system.stop();
  });
});
