import { expect, test } from "bun:test";
import { createMetrics } from "./metrics.ts";

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/;

test("requests are counted by method, route, status and revision, with their time in seconds", async () => {
  const metrics = createMetrics({ revision: "test-one" });
  metrics.request({ method: "GET", route: "/item", status: 200 }, 3);
  metrics.request({ method: "GET", route: "/item", status: 200 }, 30);
  metrics.request({ method: "GET", route: "unmatched", status: 404 }, 0);
  const text = await metrics.text();
  const labels = 'method="GET",route="/item",status="200",revision="test-one"';
  expect(text).toContain(`http_server_request_duration_seconds_count{${labels}} 2\n`);
  expect(text).toContain(`http_server_request_duration_seconds_sum{${labels}} 0.033\n`);
  expect(text).toContain(`http_server_request_duration_seconds_bucket{le="0.005",${labels}} 1\n`);
  expect(text).toContain(`http_server_request_duration_seconds_bucket{le="+Inf",${labels}} 2\n`);
  expect(text).toContain('_count{method="GET",route="unmatched",status="404",revision="test-one"} 1\n');
});

test("calls to an upstream are counted by the revision that answered and their outcome", async () => {
  const metrics = createMetrics({ revision: "test-one" });
  metrics.upstreamCall({ upstream: "example", revision: "upstream-two", outcome: "timeout" }, 1500);
  const labels = 'upstream="example",revision="upstream-two",outcome="timeout"';
  expect(await metrics.text()).toContain(`http_client_request_duration_seconds_sum{${labels}} 1.5\n`);
});

test("an upstream that sends arbitrary revisions does not fill the memory", async () => {
  const metrics = createMetrics({ revision: "test-one" });
  for (let i = 0; i < 1000; i++) {
    metrics.upstreamCall({ upstream: "example", revision: `upstream-${i}`, outcome: "ok" }, 1);
  }
  const counts = (await metrics.text()).match(/^http_client_request_duration_seconds_count.*$/gm) ?? [];
  expect(counts).toHaveLength(51);
  expect(counts).toContain(
    'http_client_request_duration_seconds_count{upstream="example",revision="other",outcome="ok"} 950',
  );
});

test("the process metrics are those that are correct on Bun", async () => {
  const text = await createMetrics({ revision: "test-one" }).text();
  const values = Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(" ") as [string, string]),
  );
  for (const value of Object.values(values)) expect(value).toMatch(NUMBER);
  expect(Number(values["process_resident_memory_bytes"])).toBeGreaterThan(1_000_000);
  expect(Number(values["process_open_fds"])).toBeGreaterThan(2);
  expect(Number(values["nodejs_heap_size_used_bytes"])).toBeGreaterThan(100_000);
  expect(Number(values["process_start_time_seconds"])).toBeGreaterThan(1_700_000_000);
});

test("two services in one process have separate metrics", async () => {
  const one = createMetrics({ revision: "one" });
  createMetrics({ revision: "two" }).request({ method: "GET", route: "/item", status: 200 }, 1);
  expect(await one.text()).not.toContain("/item");
});
