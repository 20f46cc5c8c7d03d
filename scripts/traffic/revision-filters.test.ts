import { describe, expect, test } from "bun:test";
import { type Resolution, resolve } from "./resolve.ts";
import { seededRandom } from "./random.ts";
import type { RouteTable } from "./table.ts";
import {
  creditCheck,
  forwardOf,
  HALVES,
  planOf,
  request,
  rulesAt,
  sent,
  to,
  virtualService,
} from "./testing/sample-plans.ts";

const HOST = "credit-check-basic.kyc.svc.cluster.local";
const OWN = "own.kyc.svc.cluster.local";

/** The table of two halves, with a fault in front of the basic revision. */
function withFilter(
  fault: object,
  http: object[] = [{ route: [to("basic", { weight: 1 }), to("advanced", { weight: 1 })] }],
): RouteTable {
  const { table } = planOf(...creditCheck(HALVES), virtualService(http));
  const overlay = planOf(
    ...creditCheck(HALVES),
    virtualService([{ fault, route: [to("basic")] }], { hosts: [HOST] }),
  );
  const [rule] = rulesAt(overlay, "mesh", HOST);
  if (rule === undefined) throw new Error("the overlay has no rule");
  return {
    ...table,
    revisionFilters: new Map([["kyc/credit-check-basic", { ...rule, action: forwardOf(rule) }]]),
  };
}

const ALL = { percentage: { value: 100 } };

describe("a fault in front of one revision", () => {
  test.each(["credit-check.kyc", OWN, "basic-credit-check.kyc"])("applies to requests to %s", (host) => {
    const table = withFilter({ abort: { ...ALL, httpStatus: 418 } });
    const resolution = resolve(table, "mesh", request(host), () => 0);
    expect(resolution).toMatchObject({ kind: "abort", status: 418, revision: "kyc/credit-check-basic" });
  });

  test("affects neither the other revision nor the shares", () => {
    const table = withFilter({ abort: { ...ALL, httpStatus: 503 } });
    const random = seededRandom(3);
    const seen = new Map<string, number>();
    for (let i = 0; i < 1000; i++) {
      const resolution = resolve(table, "mesh", request(OWN), random);
      const key = `${resolution.kind} ${"revision" in resolution ? resolution.revision : ""}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual([
      "abort kyc/credit-check-basic",
      "revision kyc/credit-check-advanced",
    ]);
    expect(Math.abs((seen.get("abort kyc/credit-check-basic") ?? 0) - 500)).toBeLessThan(75);
  });

  test("delays a request, and forwards it unchanged", () => {
    const fault = { delay: { ...ALL, fixedDelay: "0.2s" } };
    const resolution = resolve(withFilter(fault), "mesh", request(OWN), () => 0);
    const without = sent(
      { services: [], table: { ...withFilter(fault), revisionFilters: new Map() } },
      "mesh",
      request(OWN),
    );
    expect(resolution.hops.map(({ delayMs }) => delayMs)).toEqual([0, 200]);
    expect(carried(resolution)).toEqual(carried(without));
  });

  test("applies to its share of the requests", () => {
    const table = withFilter({ abort: { percentage: { value: 10 }, httpStatus: 503 } });
    const random = seededRandom(5);
    let aborted = 0;
    for (let i = 0; i < 2000; i++) {
      if (resolve(table, "mesh", request("basic-credit-check.kyc"), random).kind === "abort") aborted++;
    }
    expect(Math.abs(aborted - 200)).toBeLessThan(60);
  });
});

function carried(resolution: Resolution): unknown {
  if (resolution.kind !== "revision") throw new Error(`${resolution.kind} is no revision`);
  const { revision, request } = resolution;
  return {
    revision,
    target: request.target,
    authority: request.authority,
    headers: request.headers.toString(),
  };
}
