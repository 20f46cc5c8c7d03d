import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { destinationLike, destinationOf, percentsOf, weightsOf } from "./weights.ts";

const SERVICE = {
  name: "check",
  namespace: "kyc",
  revisions: ["check-basic", "check-advanced", "check-v3"],
  tags: new Map([
    ["basic", "check-basic"],
    ["advanced", "check-advanced"],
  ]),
};

const BY_REVISION = {
  weight: 50,
  destination: { host: "check-basic.kyc.svc.cluster.local", port: { number: 80 } },
  headers: {
    request: { set: { "Knative-Serving-Namespace": "kyc", "Knative-Serving-Revision": "check-basic" } },
    response: { set: { "x-kyc-revision": "check-basic" } },
  },
};

const BY_TAG = {
  weight: 50,
  destination: { host: "knative-local-gateway.istio-system.svc.cluster.local" },
  headers: {
    request: { set: { Host: "basic-check.kyc.svc.cluster.local" } },
    response: { set: { "x-kyc-revision": "check-basic" } },
  },
};

describe("weights", () => {
  test("are integer percents unchanged, and finer ones by the least power of ten", () => {
    expect(weightsOf([90, 10])).toEqual([90, 10]);
    expect(weightsOf([99.5, 0.5])).toEqual([995, 5]);
    expect(weightsOf([0.25, 99.75, 0])).toEqual([25, 9975, 0]);
  });

  test("are in any ratio; a single one is everything", () => {
    expect(percentsOf([1, 3])).toEqual([25, 75]);
    expect(percentsOf([0])).toEqual([100]);
    expect(percentsOf([0, 0])).toEqual([0, 0]);
  });

  test("yield the percents that they were made from", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (n) => {
        const percents = [n / 100, (10_000 - n) / 100];
        const back = percentsOf(weightsOf(percents));
        for (const [i, percent] of percents.entries()) expect(back[i]).toBeCloseTo(percent, 6);
      }),
    );
  });
});

describe("a destination", () => {
  test("identifies the revision whose Service or tag's host it names", () => {
    expect(destinationOf(BY_REVISION, SERVICE)).toEqual({ revision: "check-basic", tag: "basic" });
    expect(destinationOf(BY_TAG, SERVICE)).toEqual({ revision: "check-basic", tag: "basic" });
    expect(destinationOf({ destination: { host: "check-v3" } }, SERVICE)).toEqual({
      revision: "check-v3",
      tag: undefined,
    });
  });

  test("identifies none if it leads to another namespace, the service itself, or an unknown revision", () => {
    for (const host of ["check-basic.other.svc.cluster.local", "check.kyc.svc.cluster.local", "check-v9.kyc"])
      expect(destinationOf({ destination: { host } }, SERVICE)).toBeUndefined();
  });

  test("is made for another revision from an example", () => {
    const from = { revision: "check-basic", tag: "basic" };
    expect(destinationLike(BY_REVISION, from, { revision: "check-v3", tag: undefined }, "check")).toEqual({
      weight: 50,
      destination: { host: "check-v3.kyc.svc.cluster.local", port: { number: 80 } },
      headers: {
        request: { set: { "Knative-Serving-Namespace": "kyc", "Knative-Serving-Revision": "check-v3" } },
        response: { set: { "x-kyc-revision": "check-v3" } },
      },
    });
    expect(destinationLike(BY_TAG, from, { revision: "check-v3", tag: "v3" }, "check")?.headers).toEqual({
      request: { set: { Host: "v3-check.kyc.svc.cluster.local" } },
      response: { set: { "x-kyc-revision": "check-v3" } },
    });
  });

  test("is not made by a tag without one", () => {
    const from = { revision: "check-basic", tag: "basic" };
    expect(destinationLike(BY_TAG, from, { revision: "check-v3", tag: undefined }, "check")).toBeUndefined();
  });
});
