import { FakeKubelet } from "../../cluster/kube/testing/fake-kubelet.ts";
import { FakeCluster } from "../../cluster/testing/fake-cluster.ts";
import type { Outcome, OutcomeSource } from "../source.ts";

/** Pods of a cluster in memory that answer on forwarded ports with pages of metrics. */
export class ServedPods implements Disposable {
  readonly cluster = new FakeCluster("fake");
  readonly kubelet = new FakeKubelet(this.cluster);
  readonly #servers: Bun.Server<undefined>[] = [];

  /** Starts a pod that answers every path with a page. */
  start(name: string, labels: Record<string, string>, page: () => string): void {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(page()) });
    this.#servers.push(server);
    this.kubelet.pods.set(name, server.port ?? 0);
    this.cluster.put({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "shop", uid: name, labels },
      status: { phase: "Running" },
    });
  }

  /**
   * Returns the source's reports of events after its first reading, as `revision result: count`, until this many
   * requests were reported.
   */
  async reported(source: OutcomeSource, happens: () => void, requests: number): Promise<Outcome[]> {
    const end = new AbortController();
    const late = AbortSignal.timeout(20_000);
    const seen: Outcome[] = [];
    const reading = (async () => {
      for await (const batch of source.outcomes(AbortSignal.any([end.signal, late]))) {
        seen.push(...batch);
        if (seen.reduce((sum, { count }) => sum + count, 0) >= requests) end.abort();
      }
    })();
    await Bun.sleep(500);
    happens();
    await reading;
    return seen;
  }

  [Symbol.dispose](): void {
    for (const server of this.#servers) void server.stop(true);
    this.kubelet[Symbol.dispose]();
  }
}

/** Outcomes in short: how many requests of a revision ended how, and between which latencies in milliseconds. */
export function inShort(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ revision = "no revision", ok, kind, excluded, count, fromMs, ms }) => {
    return `${revision} ${excluded ?? kind ?? (ok ? "ok" : "failed")} ${count} in ${fromMs}-${ms} ms`;
  });
}
