import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { startService, type ServiceProcess } from "../shared/testing/service-process.ts";
import { tcpServer } from "../shared/testing/sockets.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

test("a client that closes the connection ends the call behind it, which does not count as a failure", async () => {
  const answered = Promise.withResolvers<Socket>();
  const upstream = await tcpServer((socket) => answered.resolve(socket));
  const aggregator = await startService("kyc-aggregator", { CREDIT_CHECK_URL: upstream.origin });
  const client = connect(aggregator.port, "127.0.0.1");
  client.write("GET /kyc/v1/customer HTTP/1.1\r\nhost: x\r\n\r\n");
  const socket = await answered.promise;
  const closed = new Promise((resolve) => socket.on("close", resolve));
  client.destroy();
  await closed;
  aggregator.kill("SIGTERM");
  const line = (await aggregator.stdout()).split("\n").find((text) => text.includes('"msg":"request"'));
  expect(JSON.parse(line ?? "{}")).toMatchObject({
    level: "info",
    status: 499,
    upstream: { outcome: "aborted" },
  });
  await upstream.close();
});

describe("the two services as processes", () => {
  let check: ServiceProcess;
  let aggregator: ServiceProcess;

  beforeAll(async () => {
    check = await startService("credit-check", {
      CREDIT_CHECK_VARIANT: "advanced",
      K_REVISION: "credit-check-b",
    });
    aggregator = await startService("kyc-aggregator", {
      CREDIT_CHECK_URL: check.origin,
      UPSTREAM_TIMEOUT_MS: "60000",
    });
  });
  afterAll(() => [check, aggregator].forEach((service) => service.kill("SIGKILL")));

  test("answer a request together, and both log one id and one trace", async () => {
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

describe("headers from one service to the other", () => {
  let check: ServiceProcess;
  let aggregator: ServiceProcess;

  beforeAll(async () => {
    check = await startService("credit-check", { CREDIT_CHECK_VARIANT: "advanced" });
    aggregator = await startService("kyc-aggregator", {
      CREDIT_CHECK_URL: check.origin,
      UPSTREAM_TIMEOUT_MS: "60000",
    });
  });
  afterAll(() => [check, aggregator].forEach((service) => service.kill("SIGKILL")));

  test("may be as many as Bun accepts, and are forwarded only as far as another service accepts them", async () => {
    const ask = (headers: Record<string, string>) =>
      fetch(`${aggregator.origin}/kyc/v1/customer`, { headers });
    const answer = await ask({ baggage: "b".repeat(16_200) });
    expect([answer.status, await answer.json()]).toMatchObject([200, { type: "ADVANCED" }]);
    const pinned = await ask({
      baggage: "b".repeat(8_000),
      tracestate: "t".repeat(6_000),
      "end-user": "u".repeat(1_024),
    });
    expect(pinned.status).toBe(200);
  });

  test("are refused if a pin is longer than any name, because without it the split would decide", async () => {
    const answer = await fetch(`${aggregator.origin}/kyc/v1/customer`, {
      headers: { "end-user": "u".repeat(1_025) },
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([431, "application/problem+json"]);
    expect(await answer.json()).toMatchObject({
      title: "Request Header Fields Too Large",
      detail: "The header end-user has more than 1024 bytes.",
    });
  });
});
