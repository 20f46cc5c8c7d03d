import { expect, test } from "bun:test";
import { fakeCollector } from "../../../functions/shared/testing/fake-collector.ts";
import { sampleToRun } from "../../../test/sample.ts";
import { startDev } from "../testing/kyc-process.ts";

test("a request through the local mesh is one trace: each hop of the mesh and each service, below its caller", async () => {
  await using sample = await sampleToRun();
  const collector = fakeCollector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, OTEL_BSP_SCHEDULE_DELAY: "50" };
  await using dev = await startDev(["--dir", sample.root], undefined, env);
  const answer = await fetch(`${dev.ingress}/kyc/v1/customer?type=advancedReport`);
  expect(answer.headers.get("x-kyc-revision")).toBe("credit-check-advanced");
  // Stops the mesh and its revisions, which send their remaining spans.
  dev.kill("SIGINT");
  await dev.exited;
  await collector.stop();

  const [first, ...others] = collector.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  expect(others).toEqual([]);
  const path: string[] = [];
  for (let span = first; span !== undefined;) {
    const { "service.name": service } = span.resource;
    path.push(`${service}: ${span.name}${span.kind === 3 ? " (call)" : ""}`);
    expect(span.traceId).toBe(first?.traceId ?? "");
    const parent = span;
    span = collector.spans.find(({ parentSpanId }) => parentSpanId === parent.spanId);
  }
  expect(path).toEqual([
    `kyc-mesh: GET ${new URL(dev.ingress).host}`,
    "kyc-aggregator: GET /kyc/v1/customer",
    "kyc-aggregator: GET credit-check (call)",
    "kyc-mesh: GET kyc-credit-check.kyc.svc.cluster.local",
    "credit-check: GET /credit-check/advanced",
  ]);
  expect(collector.spans).toHaveLength(path.length);
  const revisions = collector.spans.map(({ attributes }) => attributes["kyc.revision"]);
  expect(revisions).toContain("credit-check-advanced");
}, 60_000);
