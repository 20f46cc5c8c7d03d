import { expect } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { Elysia, t } from "elysia";
import { ContractError } from "../http/errors.ts";
import { CallerGone } from "../http/request-errors.ts";
import { Problem } from "../http/problem.ts";
import { APPLICATION } from "../http/requests.ts";
import { createService } from "../service.ts";
import { fakeService, request } from "./fakes.ts";

/** The secret in the errors of the test service, which no response and no log may contain. */
export const SECRET = "secret 4929-1234";

/** A service with a route for each kind of success and failure. */
export function testService() {
  const fake = fakeService();
  const app = createService(fake.deps, {
    routes: (handling) =>
      new Elysia({ name: "test-service", ...APPLICATION })
        .use(handling)
        .get("/item", () => ({ key: "value" }))
        .get("/slow", () => (fake.pass(12.345), { key: "slow" }))
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
        .get("/wrong", () => ({ key: SECRET }) as never, { response: { 200: t.Object({ key: t.Number() }) } })
        .get("/number", ({ query }) => query, { query: t.Object({ n: t.Number() }) })
        .post("/echo", ({ body }) => ({ echoed: body }), { body: t.Object({ key: t.String() }) }),
    description: { title: "Test service", version: "1", description: "", schemas: {}, headers: {} },
    headers: { "x-service": "test" },
    unforeseen: (route) =>
      route.startsWith("/contract/") ? new ContractError(500, { code: "T-1" }) : undefined,
  });
  return { ...fake, ask: (path: string, init?: RequestInit) => app.handle(request(path, init)) };
}

/** The problem document of a response. @throws {Error} if it is not one */
export async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body: unknown = await response.json();
  if (!Value.Check(Problem, body)) throw new Error(`no problem document: ${JSON.stringify(body)}`);
  expect(body.status).toBe(response.status);
  return body;
}
