import { afterAll, beforeAll, expect, test } from "bun:test";
import { fakeCollector, type CollectedSpan } from "../testing/fake-collector.ts";
import { spawnBun, startService } from "../testing/service-process.ts";
import { freePort } from "../testing/sockets.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

let collector: ReturnType<typeof fakeCollector>;

beforeAll(() => {
  collector = fakeCollector();
});
afterAll(() => collector.stop());

test("two services export one trace, each span below its caller's, and flush it at SIGTERM", async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.origin}/otlp`,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20key",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    // No traces go through the proxy of the service's own requests, as in the local mesh.
    HTTP_PROXY: "http://127.0.0.1:9",
  };
  const check = await startService("credit-check", {
    ...env,
    CREDIT_CHECK_VARIANT: "advanced",
    K_REVISION: "credit-check-b",
  });
  const aggregator = await startService("kyc-aggregator", {
    ...env,
    CREDIT_CHECK_URL: check.origin,
    OTEL_SERVICE_NAME: "front",
    NO_PROXY: new URL(check.origin).host,
  });
  const response = await fetch(`${aggregator.origin}/kyc/v1/customer?type=advancedReport`, {
    headers: { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: "vendor=1", "x-request-id": "r-1" },
  });
  expect(response.status).toBe(200);
  for (const service of [aggregator, check]) {
    service.kill("SIGTERM");
    expect(await service.exited).toBe(0);
  }

  const [first] = collector.requests;
  expect(first?.path).toBe("/otlp/v1/traces");
  expect(first?.headers.get("authorization")).toBe("Bearer key");
  const find = (service: string, kind: number): CollectedSpan => {
    const found = collector.spans.filter(
      (span) => span.resource["service.name"] === service && span.kind === kind,
    );
    expect(found).toHaveLength(1);
    return found[0] as CollectedSpan;
  };
  const [server, client, revision] = [find("front", 2), find("front", 3), find("credit-check", 2)];
  expect(collector.spans).toHaveLength(3);
  expect([server, client, revision].map(({ traceId }) => traceId)).toEqual([TRACE, TRACE, TRACE]);
  expect([server.parentSpanId, client.parentSpanId, revision.parentSpanId]).toEqual([
    CALLER,
    server.spanId,
    client.spanId,
  ]);
  expect(server).toMatchObject({
    name: "GET /kyc/v1/customer",
    traceState: "vendor=1",
    attributes: { "http.response.status_code": 200, "kyc.request_id": "r-1" },
    resource: { "deployment.environment.name": "test" },
  });
  expect(client).toMatchObject({
    name: "GET credit-check",
    traceState: "vendor=1",
    attributes: {
      "url.full": `${check.origin}/credit-check/advanced`,
      "kyc.revision": "credit-check-b",
    },
  });
  expect(revision.resource["service.version"]).toBe("credit-check-b");
  // The three are within one another.
  const times = [server, client, revision].map((span) => BigInt(span.startTimeUnixNano));
  expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
});

test("a collector that is down costs spans, which are counted, and no request", async () => {
  const port = await freePort();
  const check = await startService("credit-check", {
    CREDIT_CHECK_VARIANT: "basic",
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${port}/v1/traces`,
    OTEL_BSP_SCHEDULE_DELAY: "0",
    OTEL_BSP_EXPORT_TIMEOUT: "0",
    OTEL_BSP_MAX_QUEUE_SIZE: "2",
  });
  const statuses = await Promise.all(
    Array.from({ length: 20 }, async () => (await fetch(`${check.origin}/credit-check/report`)).status),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
  let dropped = 0;
  while (dropped < 20) {
    const metrics = await (await fetch(`${check.origin}/metrics`)).text();
    expect(metrics).toContain("otel_spans_exported_total 0");
    const counts = [...metrics.matchAll(/^otel_spans_dropped_total\{.*\} (\d+)$/gm)].map(([, count]) =>
      Number(count),
    );
    dropped = counts.reduce((sum, count) => sum + count, 0);
  }
  expect(dropped).toBe(20);
  check.kill("SIGTERM");
  expect(await check.exited).toBe(0);
  const told = (await check.stdout()).split("\n").filter((line) => line.includes("spans are not exported"));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('"reason":"ECONNREFUSED"');
});

test.each([
  [{}, []],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_SDK_DISABLED: "true" }, []],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
    [
      "open-tracing.ts",
      "otlp.ts",
      "post.ts",
      "span-exporter.ts",
      "trace-context.ts",
      "trace-settings.ts",
      "tracer.ts",
    ],
  ],
])("with %o a service loads of the tracing: %o", async (env, modules) => {
  const program = `
    const { createRuntime } = await import(${JSON.stringify(new URL("../runtime.ts", import.meta.url).pathname)});
    await createRuntime({ K_SERVICE: "a", K_REVISION: "b" }, process.env);
    const names = Object.keys(require.cache).map((path) => path.split("/"));
    console.log(JSON.stringify(names.filter((parts) => parts.at(-2) === "tracing").map((parts) => parts.at(-1)).sort()));
  `;
  const child = spawnBun(["-e", program], env);
  const [text, errors] = await Promise.all([child.stdout(), child.stderr()]);
  expect([text.trim(), errors]).toEqual([JSON.stringify(modules), ""]);
});
