import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import fc from "fast-check";
import { Problem, problem, problemResponse } from "./problem.ts";

test("a problem has the standard's members in order, then the extensions", () => {
  const errors = [{ path: "query/type", message: "Expected string" }];
  expect(JSON.stringify(problem({ status: 422, detail: "No.", requestId: "r-1", errors }))).toBe(
    '{"type":"about:blank","title":"Unprocessable Content","status":422,"detail":"No.","instance":"urn:kyc:request:r-1","requestId":"r-1","errors":[{"path":"query/type","message":"Expected string"}]}',
  );
});

test("a problem without a request has no instance", () => {
  expect(problem({ status: 503, detail: "Stopping." })).toEqual({
    type: "about:blank",
    title: "Service Unavailable",
    status: 503,
    detail: "Stopping.",
  });
});

test("a response has a content type that browsers do not reinterpret", async () => {
  const response = problemResponse({ status: 405, detail: "No." }, { allow: "GET" });
  expect(response.status).toBe(405);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("allow")).toBe("GET");
  expect(await response.json()).toMatchObject({ status: 405, title: "Method Not Allowed" });
});

test("a problem is always valid, also in JSON", () => {
  const options = fc.record(
    {
      status: fc.integer({ min: 400, max: 599 }),
      detail: fc.string({ unit: "binary" }),
      requestId: fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/),
      errors: fc.array(fc.record({ path: fc.string(), message: fc.string() })),
    },
    { requiredKeys: ["status", "detail"] },
  );
  fc.assert(
    fc.property(options, (given) => {
      const document: unknown = JSON.parse(JSON.stringify(problem(given)));
      expect(Value.Check(Problem, document)).toBe(true);
    }),
  );
});
