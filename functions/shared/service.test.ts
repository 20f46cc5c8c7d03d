import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Elysia, t } from "elysia";
import { CallerGone, ContractError } from "./errors.ts";
import { Problem } from "./problem.ts";
import { APPLICATION } from "./requests.ts";
import { createService } from "./service.ts";
import { fakeService, request } from "./testing/fakes.ts";

const SECRET = "secret 4929-1234";

function teapot() {
  const fake = fakeService();
  const app = createService(fake.deps, {
    routes: (handling) =>
      new Elysia({ name: "teapot", ...APPLICATION })
        .use(handling)
        .get("/tea", () => ({ tea: "green" }))
        .get("/slow", () => (fake.pass(12.345), { tea: "slow" }))
        .get("/throw", () => {
          throw new TypeError(SECRET);
        })
        .get("/throw-later", async () => {
          await Bun.sleep(1);
          throw Object.assign(new Error(SECRET), { code: "EBROKEN", status: 418, toResponse: () => SECRET });
        })
        .get("/throw-text", () => {
          throw SECRET;
        })
        .get("/contract/throw", () => {
          throw new Error(SECRET);
        })
        .get("/contract/fail", () => {
          throw new ContractError(500, { b: "second", a: "first" });
        })
        .get("/gone", () => {
          throw new CallerGone();
        })
        .get("/wrong", () => ({ tea: SECRET }) as never, { response: { 200: t.Object({ tea: t.Number() }) } })
        .get("/number", ({ query }) => query, { query: t.Object({ n: t.Number() }) })
        .post("/brew", ({ body }) => ({ brewed: body }), { body: t.Object({ tea: t.String() }) }),
    description: { title: "Teapot", version: "1", description: "", schemas: {}, headers: {} },
    headers: { "x-teapot": "brown" },
    unforeseen: (route) =>
      route.startsWith("/contract/") ? new ContractError(500, { code: "T-1" }) : undefined,
  });
  return { ...fake, ask: (path: string, init?: RequestInit) => app.handle(request(path, init)) };
}

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body: unknown = await response.json();
  if (!Value.Check(Problem, body)) throw new Error(`no problem document: ${JSON.stringify(body)}`);
  expect(body.status).toBe(response.status);
  return body;
}

describe("every answer", () => {
  test.each([
    ["/tea", 200],
    ["/nothing", 404],
    ["/throw", 500],
    ["/contract/fail", 500],
    ["/number?n=x", 422],
    ["/swagger", 200],
    ["/", 302],
  ])("of %s (%i) carries the request's id and the service's own headers", async (path, status) => {
    const response = await teapot().ask(path, { headers: { "x-request-id": "mine" } });
    expect(response.status).toBe(status);
    expect(response.headers.get("x-request-id")).toBe("mine");
    expect(response.headers.get("x-teapot")).toBe("brown");
  });

  test("gets a new id where the caller's is not fit to be one", async () => {
    const response = await teapot().ask("/tea", { headers: { "x-request-id": "{not an id}" } });
    expect(response.headers.get("x-request-id")).toBe("id-1");
  });
});

describe("a request that no route takes", () => {
  test("is a 404 where there is no such path", async () => {
    for (const path of ["/nothing", "/tea/", "/Tea", "/tea/x", "//tea", "/%74ea", "/*", "/:x"]) {
      const problem = await problemOf(await teapot().ask(path));
      expect(problem).toEqual({
        type: "about:blank",
        title: "Not Found",
        status: 404,
        detail: "There is nothing at this path.",
        instance: "urn:kyc:request:id-1",
        requestId: "id-1",
      });
    }
  });

  test("is a 405 with the methods of the path where there is one", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
      const response = await teapot().ask("/tea", { method });
      expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      expect(await problemOf(response)).toMatchObject({
        status: 405,
        detail: "This path takes GET, HEAD, OPTIONS.",
      });
    }
    const response = await teapot().ask("/brew");
    expect(response.headers.get("allow")).toBe("POST, OPTIONS");
    expect(response.status).toBe(405);
  });

  test("is told the methods where it asks for them", async () => {
    const response = await teapot().ask("/tea", { method: "OPTIONS" });
    expect([response.status, response.headers.get("allow"), await response.text()]).toEqual([
      204,
      "GET, HEAD, OPTIONS",
      "",
    ]);
    expect((await teapot().ask("/nothing", { method: "OPTIONS" })).status).toBe(404);
  });

  test("is answered without a body where it is a HEAD for what a GET would get", async () => {
    const response = await teapot().ask("/tea", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("content-length")).toBe("15");
  });
});

describe("a request that fails", () => {
  test.each(["/throw", "/throw-later", "/throw-text", "/wrong"])(
    "at %s says nothing of the error",
    async (path) => {
      const { ask, text, lines } = teapot();
      const response = await ask(path);
      const problem = await problemOf(response);
      expect(problem.detail).toBe("Something went wrong in the service.");
      expect(JSON.stringify([problem, [...response.headers]])).not.toContain("secret");
      expect(text()).not.toContain("secret");
      expect(lines().map((line) => [line["level"], line["msg"], line["status"]])).toEqual([
        ["error", "unforeseen error", undefined],
        ["error", "request", 500],
      ]);
    },
  );

  test("is logged by the class, code and places of its error", async () => {
    const { ask, lines } = teapot();
    await ask("/throw");
    expect(lines()[0]).toMatchObject({ error: "TypeError", route: "/throw", requestId: "id-1" });
    expect(JSON.stringify(lines()[0]?.["at"])).toContain("functions/shared/service.test.ts:");
    await ask("/throw-later");
    expect(lines()[2]).toMatchObject({ error: "Error", code: "EBROKEN" });
  });

  test("has the contract's body where the contract has one, keys in order", async () => {
    const response = await teapot().ask("/contract/fail");
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/json"]);
    expect(await response.text()).toBe('{"b":"second","a":"first"}');
    expect(await (await teapot().ask("/contract/throw")).text()).toBe('{"code":"T-1"}');
  });

  test("by bad input names the places and no value", async () => {
    const problem = await problemOf(await teapot().ask("/number?n=secret"));
    expect(problem.status).toBe(422);
    expect(problem.errors).toEqual([{ path: "query/n", message: expect.stringContaining("Expected") }]);
    expect(JSON.stringify(problem)).not.toContain("secret");
  });

  test("by a body that is not JSON is a 400", async () => {
    const headers = { "content-type": "application/json" };
    const problem = await problemOf(
      await teapot().ask("/brew", { method: "POST", headers, body: "{secret" }),
    );
    expect(problem.status).toBe(400);
    expect(JSON.stringify(problem)).not.toContain("secret");
  });

  test("because the caller went away is a 499, which is not our failure", async () => {
    const { ask, lines } = teapot();
    expect((await problemOf(await ask("/gone"))).status).toBe(499);
    expect(lines()).toMatchObject([{ level: "info", msg: "request", status: 499 }]);
  });
});

describe("a body over 64 KB", () => {
  const big = "x".repeat(65_537);
  const stream = () => new Response(big).body;

  test.each(["/tea", "/brew", "/nothing"])("is refused at %s where it is declared", async (path) => {
    const headers = { "content-length": String(big.length), "content-type": "text/plain" };
    const response = await teapot().ask(path, { method: "POST", headers, body: big });
    expect(response.headers.get("connection")).toBe("close");
    expect((await problemOf(response)).detail).toBe("A request's body may have 65536 bytes.");
    expect(response.status).toBe(413);
  });

  test("is refused where it is not declared and no route takes it", async () => {
    const headers = { "transfer-encoding": "chunked" };
    expect((await teapot().ask("/tea", { method: "POST", headers, body: stream() })).status).toBe(413);
  });

  test("of exactly 64 KB is not over", async () => {
    const headers = { "content-length": "65536" };
    const response = await teapot().ask("/tea", { method: "POST", headers, body: big.slice(1) });
    expect(response.status).toBe(405);
  });
});

describe("the log of a request", () => {
  test("is one line that says who, what and how long", async () => {
    const { ask, lines } = teapot();
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

  test("names the route and never the path, unless it is one of ours", async () => {
    const { ask, lines } = teapot();
    await ask("/applicants/jane-doe?passport=123");
    await ask("/tea?name=jane", { method: "POST" });
    await ask("/tea", { method: "PROPFIND" });
    expect(lines().map(({ route, method, status }) => [route, method, status])).toEqual([
      ["unmatched", "GET", 404],
      ["/tea", "POST", 405],
      ["/tea", "other", 405],
    ]);
  });

  test("is not written for probes and metrics", async () => {
    const { ask, deps, text } = teapot();
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
    const { ask } = teapot();
    expect(await (await ask("/healthz")).json()).toEqual({ status: "ok" });
    expect(await (await ask("/readyz")).json()).toEqual({ status: "ready" });
  });

  test("tell a service that drains from one that is dead", async () => {
    const { ask, deps } = teapot();
    deps.readiness.draining = true;
    expect((await problemOf(await ask("/readyz"))).status).toBe(503);
    expect((await ask("/healthz")).status).toBe(200);
  });
});

test("metrics that fail say nothing of why", async () => {
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
