import { describe, expect, test } from "bun:test";
import { ApiError } from "./api-error.ts";
import { sendThrough } from "./proxied.ts";
import { statusOf } from "./testing/fake-answer.ts";
import { FakeApiServer } from "./testing/fake-api-server.ts";
import { kubeOf } from "./testing/kubeconfig.ts";
import { rejection } from "./testing/rejection.ts";

const SERVICE = { kind: "Service", namespace: "kyc", name: "aggregator", port: "http" } as const;
const BASE = "/api/v1/namespaces/kyc/services/http:aggregator:http/proxy";

describe("a request through the API server", () => {
  test("goes to a Service's port, with its query, headers and body", async () => {
    using server = await FakeApiServer.start();
    server.on(`POST ${BASE}/kyc/v1/customer`, (answer) => answer.json({ type: "BASIC" }));
    const request = { method: "POST", headers: { "end-user": "basic" }, body: "{}" };
    const response = await sendThrough(kubeOf(server), SERVICE, "/kyc/v1/customer?type=basicReport", request);
    expect(await response.json()).toEqual({ type: "BASIC" });
    expect(server.requests.at(-1)).toMatchObject({
      query: { type: "basicReport" },
      headers: { "end-user": "basic" },
      body: "{}",
    });
  });

  test("goes to a pod's port, by TLS when asked", async () => {
    using server = await FakeApiServer.start();
    server.on("GET /api/v1/namespaces/kyc/pods/https:p:8443/proxy/", (answer) => answer.text("ok"));
    const target = { kind: "Pod", namespace: "kyc", name: "p", port: 8443, scheme: "https" } as const;
    expect(await (await sendThrough(kubeOf(server), target, "/")).text()).toBe("ok");
  });

  test.each([
    [500, { errorCode: "KYC-10001" }],
    [404, { kind: "Report" }],
    [302, {}],
  ])("gives the application's own %d as an answer", async (status, body) => {
    using server = await FakeApiServer.start();
    server.on(`GET ${BASE}/`, (answer) => answer.json(body, status, { location: "/docs" }));
    const response = await sendThrough(kubeOf(server), SERVICE, "/");
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual(body);
  });

  test("fails when the API server finds nobody there", async () => {
    using server = await FakeApiServer.start();
    const message = 'no endpoints available for service "http:aggregator:http"';
    server.on(`GET ${BASE}/`, (answer) => answer.json(statusOf(503, "ServiceUnavailable", message), 503));
    const error = await rejection(sendThrough(kubeOf(server), SERVICE, "/"));
    expect(error).toBeInstanceOf(ApiError);
    expect(error.message).toBe(`cannot reach Service kyc/aggregator:http: ${message}`);
  });
});
