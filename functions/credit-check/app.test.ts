import { afterAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { fakeService, request } from "../shared/testing/fakes.ts";
import { createApp } from "./app.ts";
import { CreditCheckError } from "./model.ts";
import type { Variant } from "./variant.ts";
import { withoutLists, withPersons } from "./testing/contexts.ts";
import { variantOf, variants } from "./variants.ts";

const REVISION = "credit-check-00007";
const FLAGS =
  '"blackListed":false,"restrictedNational":false,"suspiciousActivity":false,"interpolConductBad":false,"militaryTrained":false,"employmentBad":false,"creditUsageBad":false';
const WITH_JANE = await withPersons("sanctions,Jane Planted,,,");
/** The contract's answers, byte for byte. */
const ANSWERS: Readonly<Record<string, string>> = {
  basic: '{"type":"BASIC","blackListed":false,"backgroundCheckPass":true}',
  advanced: `{"type":"ADVANCED",${FLAGS},"backgroundCheckPass":true}`,
  v3: `{"type":"V3",${FLAGS},"sanctioned":false,"backgroundCheckPass":true}`,
};
const FAILURE =
  '{"errorCode":"KYC-CRD-CHK-10001","errorMessage":"error occurred when checking the credit of an applicant","type":"KYC_CREDIT_CHECK"}';

function check(variant: Variant) {
  const fake = fakeService({ service: "credit-check", revision: REVISION });
  const app = createApp({ ...fake.deps, variant, revision: REVISION, context: withoutLists });
  return { ...fake, app, ask: (path: string, init?: RequestInit) => app.handle(request(path, init)) };
}

/** The answer of a variant; for one that is not in the contract, its own example. */
function answerOf({ name, example }: Variant): string {
  return ANSWERS[name] ?? JSON.stringify(example);
}

test("the contract's variants exist, with unique names", () => {
  const names = variants.map((variant) => variant.name);
  expect(names).toEqual(expect.arrayContaining(Object.keys(ANSWERS)));
  expect(new Set(names).size).toBe(names.length);
});

test("Elysia does not await the answer of a synchronous check", () => {
  for (const variant of variants.filter(({ later }) => later !== true)) {
    const routes = check(variant).app.routes.filter(({ method }) => method === "GET");
    const checks = routes.filter(({ path }) => path.startsWith("/credit-check/"));
    expect(checks).toHaveLength(2);
    for (const route of checks) expect(route.compile().toString()).toStartWith("function handle");
  }
});

describe.each(variants.map((variant) => [variant.name, variant] as const))(
  "the %s check",
  (name, variant) => {
    const listening = createApp({
      ...fakeService().deps,
      variant,
      revision: REVISION,
      context: withoutLists,
    });
    listening.listen({ hostname: "127.0.0.1", port: 0, reusePort: false, development: false });
    afterAll(() => void listening.server?.stop(true));
    const ways = [
      ["in memory", (path: string, init?: RequestInit) => check(variant).ask(path, init)],
      [
        "over a socket",
        (path: string, init?: RequestInit) => fetch(new URL(path, listening.server?.url), init),
      ],
    ] as const;

    describe.each(ways)("%s", (_way, ask) => {
      test.each([`/credit-check/${name}`, "/credit-check/report"])(
        "answers at %s, byte for byte",
        async (path) => {
          const response = await ask(path);
          expect(response.status).toBe(200);
          expect(response.headers.get("content-type")).toBe("application/json");
          expect(await response.text()).toBe(answerOf(variant));
        },
      );

      test("answers for any query and user", async () => {
        const response = await ask("/credit-check/report?type=x&name=jane", {
          headers: { "end-user": "advanced" },
        });
        expect(await response.text()).toBe(answerOf(variant));
      });

      test.each(variants.filter((other) => other !== variant).map((other) => other.name))(
        "does not answer for %s",
        async (other) => {
          const response = await ask(`/credit-check/${other}`);
          expect(response.status).toBe(404);
          expect(response.headers.get("content-type")).toBe("application/problem+json");
        },
      );

      test.each([
        ["GET", "/credit-check/report", 200],
        ["HEAD", "/credit-check/report", 200],
        ["OPTIONS", "/credit-check/report", 204],
        ["POST", "/credit-check/report", 415],
        ["PUT", "/credit-check/report", 405],
        ["DELETE", `/credit-check/${name}`, 405],
        ["GET", "/credit-check", 404],
        ["GET", "/credit-check/report/", 404],
        ["GET", "/healthz", 200],
        ["GET", "/swagger", 200],
      ])("carries its revision on %s %s (%i)", async (method, path, status) => {
        const response = await ask(path, { method });
        expect(response.status).toBe(status);
        expect(response.headers.get("x-kyc-revision")).toBe(REVISION);
        if (status === 405) expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS, POST");
      });
    });
  },
);

describe("a check that fails", () => {
  const SECRET = "jane doe, passport 123";
  const { name, answer, example } = variantOf("basic");
  const parts = { name, answer, example };
  const failures: [string, Variant][] = [
    [
      "throws",
      {
        ...parts,
        check: () => {
          throw new Error(SECRET);
        },
      },
    ],
    ["rejects", { ...parts, later: true, check: () => Promise.reject(coded(SECRET)) }],
    ["throws no error", { ...parts, later: true, check: () => Promise.reject(SECRET) }],
    ["answers wrongly", { ...parts, check: () => ({ type: SECRET }) }],
    ["answers wrongly later", { ...parts, later: true, check: async () => ({ type: SECRET }) }],
  ];
  const coded = (message: string) => Object.assign(new TypeError(message), { status: 404 });

  test("and one that answers after a delay are distinguished", async () => {
    const { ask } = check({ ...parts, later: true, check: async () => (await Bun.sleep(1), example) });
    expect(await (await ask("/credit-check/report")).json()).toEqual(example);
  });

  test.each(failures)("because it %s answers with the contract's error", async (_what, variant) => {
    const { ask, text, lines } = check(variant);
    const response = await ask("/credit-check/report");
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/json"]);
    expect(response.headers.get("x-kyc-revision")).toBe(REVISION);
    const body = await response.text();
    expect(body).toBe(FAILURE);
    expect(Value.Check(CreditCheckError, JSON.parse(body))).toBe(true);
    expect(text()).not.toContain("jane");
    expect(lines().at(-1)).toMatchObject({ level: "error", route: "/credit-check/report", status: 500 });
  });
});

describe("an applicant", () => {
  const post = (body: unknown, type = "application/json") => ({
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": type },
  });
  const app = (name: string) =>
    createApp({
      ...fakeService().deps,
      variant: variantOf(name),
      revision: REVISION,
      context: () => WITH_JANE,
    });

  test.each(variants.map(({ name }) => name))("is checked by %s", async (name) => {
    for (const path of [`/credit-check/${name}`, "/credit-check/report"]) {
      const listed = await app(name).handle(request(path, post({ applicantId: "1", name: "Jane Planted" })));
      const example: Record<string, unknown> = JSON.parse(answerOf(variantOf(name)));
      const sanctioned = "sanctioned" in example ? { sanctioned: true } : {};
      const expected = { ...example, blackListed: true, ...sanctioned, backgroundCheckPass: false };
      expect(await listed.text()).toBe(JSON.stringify(expected));
      const other = await app(name).handle(request(path, post({ applicantId: "1", name: "John Other" })));
      expect(await other.text()).toBe(answerOf(variantOf(name)));
    }
  });

  const planted = { applicantId: "1", name: "Jane Planted" };
  test.each<[number, string, RequestInit]>([
    [422, "body/name", post({ applicantId: "1" })],
    [422, "body/applicantId", post({ ...planted, applicantId: "" })],
    [422, "body/dateOfBirth", post({ ...planted, dateOfBirth: "2025-02-30" })],
    [422, "body/nationality", post({ ...planted, nationality: "Sweden" })],
    [422, "body/passport/mrz", post({ ...planted, passport: { mrz: "Planted" } })],
    [422, "body/creditUsage/limit", post({ ...planted, creditUsage: { limit: "5", used: 1 } })],
    [422, "body/surname", post({ ...planted, surname: "Planted" })],
    [422, "body/name", post([])],
    [400, "", post("{")],
    [415, "", post(planted, "text/plain")],
    [413, "", post({ ...planted, name: "Planted".repeat(10_000) })],
  ])(
    "that does not match the schema is a %i that names %s, without repeating values",
    async (status, path, init) => {
      const response = await app("advanced").handle(request("/credit-check/report", init));
      const text = await response.text();
      const { errors = [] }: { errors?: { path: string }[] } = JSON.parse(text);
      expect([response.status, response.headers.get("content-type")]).toEqual([
        status,
        "application/problem+json",
      ]);
      if (path !== "") expect(errors.map((error) => error.path)).toContain(path);
      expect(text).not.toContain("Planted");
    },
  );
});
