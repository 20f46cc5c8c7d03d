import { describe, expect, test } from "bun:test";
import { drawChecks } from "../../terminal/cluster/draw-checks.ts";
import { PLAIN } from "../../terminal/style.ts";
import { contractChecks, customerBody } from "./contract.ts";
import { observeSplit, splitChecks } from "./split-checks.ts";

const json = { "content-type": "application/json" };

/** An ingress that keeps the contract. */
async function good(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const { pathname, searchParams } = new URL(path, "http://x");
  if (pathname === "/") return new Response(null, { status: 302, headers: { location: "/swagger" } });
  if (pathname === "/swagger/json") return Response.json({});
  if (pathname === "/credit-check/basic")
    return new Response('{"type":"BASIC","blackListed":false,"backgroundCheckPass":true}', { headers: json });
  if (pathname === "/credit-check/advanced") return new Response(customerBody("ADVANCED"), { headers: json });
  const type = searchParams.get("type");
  const version = type === "advancedReport" || headers["end-user"] === "advanced" ? "advanced" : "basic";
  return new Response(customerBody(version.toUpperCase()), {
    headers: { ...json, "x-kyc-revision": `credit-check-${version}` },
  });
}

const OPEN = { creditCheck: true, swagger: true };
const CLOSED = { creditCheck: false, swagger: false };

describe("the contract", () => {
  test("holds where it is kept", async () => {
    const results = await contractChecks(good, OPEN);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(results.length).toBeGreaterThan(13);
  });

  test.each([
    [
      "another order of keys",
      async () => new Response('{"blackListed":false,"type":"BASIC"}', { headers: json }),
    ],
    ["another content type", async (path: string) => new Response(await (await good(path)).text())],
    ["a failure", async () => new Response("{}", { status: 500, headers: json })],
    ["no answer", async () => Promise.reject(new Error("connection refused"))],
  ])("does not hold with %s", async (_, ask) => {
    const report = (await contractChecks(ask, OPEN)).find(({ name }) => name.includes("basicReport"));
    expect(report?.ok).toBe(false);
  });

  test("with the strict overlay wants the credit check and the Swagger UI closed", async () => {
    const closed: typeof good = async (path, headers) =>
      /^\/(credit-check|swagger)/.test(path) ? new Response("", { status: 404 }) : good(path, headers);
    expect((await contractChecks(closed, CLOSED)).every(({ ok }) => ok)).toBe(true);
    const open = (await contractChecks(good, CLOSED)).filter(({ ok }) => !ok);
    expect(open.map(({ name, seen }) => `${name}: ${seen}`)).toEqual([
      "the credit check from outside: GET /credit-check/basic: 200",
      "the Swagger UI from outside: GET /swagger: 200",
    ]);
  });
});

describe("the split", () => {
  const serving = (shares: readonly string[]): (() => Promise<Response>) => {
    let i = 0;
    return async () =>
      new Response("{}", { headers: { "x-kyc-revision": shares[i++ % shares.length] ?? "" } });
  };

  test("counts the answers of each revision, and failures", async () => {
    let i = 0;
    const ask = async (): Promise<Response> => {
      i++;
      if (i % 4 === 0) throw new Error("reset");
      return new Response("{}", { status: i % 4 === 1 ? 500 : 200, headers: { "x-kyc-revision": "a" } });
    };
    expect(await observeSplit(ask, 40)).toEqual({ counts: new Map([["a", 20]]), failed: 20, requests: 40 });
  });

  test("holds when the planned share lies in the interval of the observed one", async () => {
    const planned = new Map([
      ["a", 0.5],
      ["b", 0.5],
    ]);
    const fair = await splitChecks({ ask: serving(["a", "b"]), planned, requests: 400 });
    expect(fair.every(({ ok }) => ok)).toBe(true);
    const skewed = await splitChecks({ ask: serving(["a", "a", "a", "b"]), planned, requests: 400 });
    expect(skewed.map(({ ok }) => ok)).toEqual([true, false, false]);
  });

  test("of 100 and 0 % allows no stray request, and no unplanned revision", async () => {
    const planned = new Map([["a", 1]]);
    const stray = [...Array(399).fill("a"), "b"];
    const results = await splitChecks({ ask: serving(stray), planned, requests: 400 });
    expect(results.map(({ ok }) => ok)).toEqual([true, false, false]);
  });
});

test("checks are drawn with what was expected where that is not what was seen", () => {
  const results = [
    { group: "contract", name: "one", expected: "200", seen: "200", ok: true },
    { group: "contract", name: "another", expected: "200 BASIC", seen: "503", ok: false },
    { group: "split", name: "share", expected: "50.0 %", seen: "49.0 %", ok: true },
  ];
  expect(drawChecks(results, PLAIN).join("\n")).toBe(`contract
  ok      one      200
  FAILED  another  503  expected 200 BASIC

split
  ok      share    49.0 %  expected 50.0 %

2 of 3 checks hold, 1 failed`);
});
