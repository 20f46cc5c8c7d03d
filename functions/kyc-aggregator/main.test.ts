import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startService, type ServiceProcess } from "../shared/testing/service-process.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

describe("the two services as processes", () => {
  let check: ServiceProcess;
  let aggregator: ServiceProcess;

  beforeAll(async () => {
    check = await startService("credit-check", {
      CREDIT_CHECK_VARIANT: "advanced",
      K_REVISION: "credit-check-b",
    });
    aggregator = await startService("kyc-aggregator", { CREDIT_CHECK_URL: check.origin });
  });
  afterAll(() => [check, aggregator].forEach((service) => service.kill("SIGKILL")));

  test("answer one request together, under one id and one trace, and both say so", async () => {
    const headers = {
      "x-request-id": "request-7",
      traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
      "end-user": "x",
    };
    const response = await fetch(`${aggregator.origin}/kyc/v1/customer?type=advancedReport`, { headers });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ type: "ADVANCED", backgroundCheckPass: true });
    expect(response.headers.get("x-request-id")).toBe("request-7");
    expect(response.headers.get("x-kyc-revision")).toBe("credit-check-b");

    const metrics = await fetch(`${aggregator.origin}/metrics`).then((answer) => answer.text());
    expect(metrics).toContain('{upstream="credit-check",revision="credit-check-b",outcome="ok"} 1');

    check.kill("SIGTERM");
    aggregator.kill("SIGTERM");
    for (const service of [check, aggregator]) {
      expect(await service.exited).toBe(0);
      const line = (await service.stdout()).split("\n").find((text) => text.includes('"msg":"request"'));
      expect(JSON.parse(line ?? "{}")).toMatchObject({ requestId: "request-7", traceId: TRACE, status: 200 });
    }
  });
});
