import { expect, test } from "bun:test";
import type { Outcome } from "../../traffic/engine.ts";
import { FakeCluster } from "../../cluster/testing/fake-cluster.ts";
import { UserError } from "../../cluster/user-error.ts";
import { prometheusOutcomes } from "./prometheus-outcomes.ts";

const query = { kube: new FakeCluster("fake").kube, namespace: "kyc", service: "check" };

test("a Prometheus tells what was added at each process, also at one that it finds later", async () => {
  const pods: Record<string, number> = { a: 5 };
  const asked: string[] = [];
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      asked.push(new URL(request.url).searchParams.get("query") ?? "");
      const result = Object.entries(pods).flatMap(([pod, count]) =>
        ["0.1", "+Inf"].map((le) => ({
          metric: {
            __name__: "http_client_request_duration_seconds_bucket",
            ...{ pod, instance: pod, upstream: "check", revision: "check-a", outcome: "ok", le },
          },
          value: [1, String(count)],
        })),
      );
      if (asked.length === 1) Object.assign(pods, { a: 7, b: 3 });
      return Response.json({ status: "success", data: { resultType: "vector", result } });
    },
  });
  const end = new AbortController();
  const seen: Outcome[] = [];
  for await (const batch of prometheusOutcomes(`${server.url}`)(query, end.signal)) {
    seen.push(...batch);
    end.abort();
  }
  expect(seen.map(({ revision, count, ms }) => ({ revision, count, ms }))).toEqual([
    { revision: "check-a", count: 2, ms: 100 },
    { revision: "check-a", count: 3, ms: 100 },
  ]);
  expect(asked[0]).toContain('http_client_request_duration_seconds_bucket{upstream="check"}');
});

test("what is no Prometheus is told by its address", async () => {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ hello: 1 }) });
  const outcomes = prometheusOutcomes(`${server.url}`)(query, new AbortController().signal);
  const error: unknown = await (async () => {
    for await (const _ of outcomes);
  })().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toContain(`http://127.0.0.1:${server.port}`);
});
