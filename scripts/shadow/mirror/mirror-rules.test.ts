import { describe, expect, test } from "bun:test";
import { isMirrored, mirrorFields, refuseOtherMirrors, splittingRules } from "./mirror-rules.ts";

const service = {
  name: "check",
  namespace: "bank",
  revisions: ["check-a", "check-b"],
  tags: new Map([
    ["a", "check-a"],
    ["b", "check-b"],
  ]),
};
const to = (host: string, weight?: number) => ({
  destination: { host: `${host}.bank.svc.cluster.local` },
  ...(weight === undefined ? {} : { weight }),
});
const pinned = { name: "pinned", match: [{ uri: { exact: "/a" } }], route: [to("check-a")] };

describe("the rules that are mirrored", () => {
  test("are those with weights, but none that pins requests or leads elsewhere", () => {
    const weighted = { route: [to("check-a", 50), to("check-b", 50)] };
    expect(splittingRules([pinned, weighted], service)).toEqual([1]);
    expect(splittingRules([pinned, { route: [to("check-a", 50), to("other", 50)] }], service)).toEqual([]);
    expect(splittingRules([pinned, { route: [to("check-b")] }], service)).toEqual([1]);
  });

  test("are those for buckets, all of them", () => {
    const buckets = {
      match: [{ headers: { "x-bucket": { regex: "0[0-4][0-9]{2}" } } }],
      route: [to("check-b")],
    };
    expect(splittingRules([pinned, buckets, { route: [to("check-a")] }], service)).toEqual([1, 2]);
  });

  test("are those that lead to the service's own host, behind which Knative decides", () => {
    const byKnative = {
      rewrite: { authority: "check.bank.svc.cluster.local" },
      route: [{ destination: { host: "gateway" } }],
    };
    const byTag = { ...byKnative, match: [{}], rewrite: { authority: "a-check.bank.svc.cluster.local" } };
    expect(splittingRules([pinned, byTag, byKnative], service)).toEqual([2]);
  });
});

test("a rule with a mirror of its own is not overwritten", () => {
  const own = { name: "split", mirror: { host: "audit" }, route: [] };
  expect(() => refuseOtherMirrors([pinned, own], [1], "routes.yaml:3")).toThrow(
    "The rule split in routes.yaml:3 has a mirror already",
  );
  expect(() => refuseOtherMirrors([pinned, { mirrors: [] }], [1], "x")).toThrow("http[1]");
  expect(refuseOtherMirrors([pinned, own], [0], "x")).toBeUndefined();
});

test("a mirror of a comparison is known by its host", () => {
  const fields = mirrorFields("kyc-shadow-abc123", "bank", 12.5);
  expect(fields).toEqual({
    mirror: { host: "kyc-shadow-abc123.bank.svc.cluster.local", port: { number: 80 } },
    mirrorPercentage: { value: 12.5 },
  });
  expect([
    isMirrored(fields, "kyc-shadow"),
    isMirrored({ mirror: { host: "audit" } }, "kyc-shadow"),
    isMirrored({}, "kyc-shadow"),
  ]).toEqual([true, false, false]);
});
