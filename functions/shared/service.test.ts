import { describe, expect, test } from "bun:test";
import { Elysia } from "elysia";
import { createService } from "./service.ts";
import { fakeService, request } from "./testing/fakes.ts";
import { problemOf, SECRET, testService } from "./testing/test-service.ts";

describe("every response", () => {
  test.each([
    ["/item", 200],
    ["/nothing", 404],
    ["/throw", 500],
    ["/contract/fail", 500],
    ["/number?n=x", 422],
    ["/swagger", 200],
    ["/", 302],
  ])("of %s (%i) carries the request's id and the service's own headers", async (path, status) => {
    const response = await testService().ask(path, { headers: { "x-request-id": "mine" } });
    expect(response.status).toBe(status);
    expect(response.headers.get("x-request-id")).toBe("mine");
    expect(response.headers.get("x-service")).toBe("test");
  });

  test("gets a new id if the caller's is invalid", async () => {
    const response = await testService().ask("/item", { headers: { "x-request-id": "{not an id}" } });
    expect(response.headers.get("x-request-id")).toBe("id-1");
  });
});

test("every request is in flight until it is answered, successfully or not", async () => {
  const { ask, deps } = testService();
  const headers = { "content-length": "70000" };
  const asked = [
    ask("/item"),
    ask("/throw-later"),
    ask("/contract/throw"),
    ask("/gone"),
    ask("/nothing"),
    ask("/healthz"),
    ask("/item", { method: "POST", headers, body: "x".repeat(70_000) }),
    ask("/echo", { method: "POST", headers, body: "x".repeat(70_000) }),
  ];
  expect(deps.activity.calls).toBeGreaterThan(0);
  await Promise.all(asked);
  expect(deps.activity.calls).toBe(0);
});

describe("the log of a request", () => {
  test("is one line with the caller, the request and the duration", async () => {
    const { ask, lines } = testService();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await ask("/slow", { headers: { traceparent } });
    expect(lines()).toEqual([
      {
        level: "info",
        ts: "2026-01-02T03:04:05.012Z",
        msg: "request",
        service: "test",
        revision: "test-one",
        requestId: "id-1",
        traceId: "0af7651916cd43dd8448eb211c80319c",
        route: "/slow",
        method: "GET",
        status: 200,
        ms: 12.35,
      },
    ]);
  });

  test("names the route and never the path, unless they are equal", async () => {
    const { ask, lines } = testService();
    await ask("/applicants/jane-doe?passport=123");
    await ask("/item?name=jane", { method: "POST" });
    await ask("/item", { method: "PROPFIND" });
    expect(lines().map(({ route, method, status }) => [route, method, status])).toEqual([
      ["unmatched", "GET", 404],
      ["/item", "POST", 405],
      ["/item", "other", 405],
    ]);
  });

  test("is not written for probes and metrics", async () => {
    const { ask, deps, text } = testService();
    for (const path of ["/healthz", "/readyz", "/metrics"]) {
      const response = await ask(path, { headers: { "x-request-id": "probe" } });
      expect([response.status, response.headers.get("x-request-id")]).toEqual([200, "probe"]);
    }
    expect(text()).toBe("");
    expect(await deps.metrics.text()).not.toContain("/healthz");
  });
});

describe("probes", () => {
  test("answer 200 while all is well", async () => {
    const { ask } = testService();
    expect(await (await ask("/healthz")).json()).toEqual({ status: "ok" });
    expect(await (await ask("/readyz")).json()).toEqual({ status: "ready" });
  });

  test("distinguish a draining service from a dead one", async () => {
    const { ask, deps } = testService();
    deps.activity.draining = true;
    expect((await problemOf(await ask("/readyz"))).status).toBe(503);
    expect((await ask("/healthz")).status).toBe(200);
  });
});

test("metrics that fail do not reveal the reason", async () => {
  const { deps, text } = fakeService();
  const metrics = { ...deps.metrics, text: () => Promise.reject(new Error(SECRET)) };
  const app = createService(
    { ...deps, metrics },
    {
      routes: (handling) => new Elysia().use(handling),
      description: { title: "", version: "", description: "", schemas: {}, headers: {} },
      headers: {},
      unforeseen: () => undefined,
    },
  );
  const response = await app.handle(request("/metrics"));
  expect((await problemOf(response)).status).toBe(500);
  expect(text()).not.toContain("secret");
});
