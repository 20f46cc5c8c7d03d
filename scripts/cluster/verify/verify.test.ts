import { describe, expect, test } from "bun:test";
import { drawChecks } from "../../terminal/cluster/draw-checks.ts";
import { PLAIN } from "../../terminal/style.ts";
import { SAMPLE } from "../../../test/sample.ts";
import { readChecks } from "../checks-file.ts";
import { type Ask, type AskedRequest, contractChecks } from "./contract.ts";
import { customerBody } from "./testing/customer-body.ts";
import { observeSplit, splitChecks } from "./split-checks.ts";

const json = { "content-type": "application/json" };

/** An ingress that keeps the contract. */
async function good(path: string, { headers = {} }: AskedRequest = {}): Promise<Response> {
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

const OPEN = (): boolean => true;
const CLOSED = (path: string): boolean => !/^\/(credit-check|swagger)/.test(path);
const { requests = [] } = (await readChecks(SAMPLE)) ?? {};
const checksOf = (ask: Ask, isOpen: (path: string) => boolean) => contractChecks(ask, requests, isOpen);

describe("the contract", () => {
  test("holds if it is fulfilled", async () => {
    const results = await checksOf(good, OPEN);
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
    const report = (await checksOf(ask, OPEN)).find(({ name }) => name.includes("basicReport"));
    expect(report?.ok).toBe(false);
  });

  test("with the strict overlay wants the credit check and the Swagger UI closed", async () => {
    const closed: typeof good = async (path, request) =>
      /^\/(credit-check|swagger)/.test(path) ? new Response("", { status: 404 }) : good(path, request);
    expect((await checksOf(closed, CLOSED)).every(({ ok }) => ok)).toBe(true);
    const open = (await checksOf(good, CLOSED)).filter(({ ok }) => !ok);
    expect(open.map(({ name, seen }) => `${name}: ${seen}`)).toEqual([
      "the OpenAPI document: GET /swagger/json: 200",
      "the basic check itself: GET /credit-check/basic: 200",
      "the advanced check itself: GET /credit-check/advanced: 200",
    ]);
  });
});

const COUNTED = { path: "/kyc/v1/customer", revisionHeader: "x-kyc-revision" };

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
    expect(await observeSplit(ask, COUNTED, 40)).toEqual({
      counts: new Map([["a", 20]]),
      failed: 20,
      requests: 40,
    });
  });

  test("holds when the planned share lies in the interval of the observed one", async () => {
    const planned = new Map([
      ["a", 0.5],
      ["b", 0.5],
    ]);
    const fair = await splitChecks({ counted: COUNTED, ask: serving(["a", "b"]), planned, requests: 400 });
    expect(fair.every(({ ok }) => ok)).toBe(true);
    const skewed = await splitChecks({
      counted: COUNTED,
      ask: serving(["a", "a", "a", "b"]),
      planned,
      requests: 400,
    });
    expect(skewed.map(({ ok }) => ok)).toEqual([true, false, false]);
  });

  test("of 100 and 0 % allows no stray request, and no unplanned revision", async () => {
    const planned = new Map([["a", 1]]);
    const stray = [...Array(399).fill("a"), "b"];
    const results = await splitChecks({ counted: COUNTED, ask: serving(stray), planned, requests: 400 });
    expect(results.map(({ ok }) => ok)).toEqual([true, false, false]);
  });
});

test("checks are drawn with the expected value if the observed one differs", () => {
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
