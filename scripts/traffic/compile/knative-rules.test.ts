import { describe, expect, test } from "bun:test";
import type { Plan } from "./compile.ts";
import { hostsOn, type Listener } from "../table.ts";
import {
  CLUSTER_LOCAL,
  creditCheck,
  forwardOf,
  HALVES,
  knativeService,
  planOf,
  request,
  rulesAt,
  sent,
} from "../testing/sample-plans.ts";

// See net-istio 1.20, pkg/reconciler/ingress/resources/virtual_service.go.
describe("the routes of a Knative Service", () => {
  const split = [
    { revisionName: "credit-check-basic", tag: "basic", percent: 80 },
    { revisionName: "credit-check-advanced", tag: "advanced", percent: 20 },
  ];

  test("send to the revisions' Services on port 80, each with its weight and both of Knative's headers", () => {
    const [rule, ...others] = rulesAt(
      planOf(...creditCheck(split)),
      "mesh",
      "credit-check.kyc.svc.cluster.local",
    );
    expect(others).toEqual([]);
    expect(rule?.matches).toEqual([]);
    const action = forwardOf(rule);
    expect(action.destinations).toEqual([destination("basic", 80), destination("advanced", 20)]);
    expect(action.totalWeight).toBe(100);
  });

  test("have no retries, no timeout and no changes of their own", () => {
    const action = forwardOf(rulesAt(planOf(...creditCheck(split)), "mesh", "credit-check.kyc")[0]);
    expect(action).toMatchObject({
      retry: { attempts: 0 },
      timeoutMs: undefined,
      rewriteUri: undefined,
      request: { set: [], add: [], remove: [] },
      response: { set: [], add: [], remove: [] },
    });
  });

  test("omit targets without percent, and give a single target all requests", () => {
    const traffic = [
      { revisionName: "credit-check-basic", tag: "basic" },
      { revisionName: "credit-check-advanced", tag: "advanced", percent: 100 },
    ];
    const action = forwardOf(
      rulesAt(planOf(...creditCheck(traffic)), "mesh", "credit-check.kyc.svc.cluster.local")[0],
    );
    expect(action.destinations).toEqual([destination("advanced", 100)]);
  });

  test("add up one revision under two tags", () => {
    const traffic = [
      { revisionName: "credit-check-basic", tag: "stable", percent: 30 },
      { revisionName: "credit-check-advanced", tag: "advanced", percent: 30 },
      { revisionName: "credit-check-basic", tag: "old", percent: 40 },
    ];
    const plan = planOf(...creditCheck(traffic));
    const action = forwardOf(rulesAt(plan, "mesh", "credit-check.kyc.svc.cluster.local")[0]);
    expect(action.destinations).toEqual([destination("basic", 70), destination("advanced", 30)]);
  });

  test.each([
    ["basic", "basic"],
    ["advanced", "advanced"],
  ])("send all requests for the host of tag %s to its revision, for any percent", (tag, revision) => {
    const plan = planOf(
      ...creditCheck([
        { revisionName: "credit-check-basic", tag: "basic" },
        { revisionName: "credit-check-advanced", tag: "advanced", percent: 100 },
      ]),
    );
    const action = forwardOf(rulesAt(plan, "local-gateway", `${tag}-credit-check.kyc.svc.cluster.local`)[0]);
    expect(action.destinations).toEqual([destination(revision, 100)]);
  });

  test("apply to the names of the service and of each tag, long and short, in sidecars and at the local gateway", () => {
    const names = ["credit-check", "basic-credit-check", "advanced-credit-check"];
    const expected = names.flatMap((name) => [
      `${name}.kyc`,
      `${name}.kyc.svc`,
      `${name}.kyc.svc.cluster.local`,
    ]);
    const plan = planOf(...creditCheck(HALVES, CLUSTER_LOCAL));
    expect(hostsAt(plan, "mesh")).toEqual(expected.sort());
    expect(hostsAt(plan, "local-gateway")).toEqual(expected.sort());
    expect(hostsAt(plan, "ingress")).toEqual([]);
  });

  test("of a public service also apply at the public gateway, by its domain", () => {
    const plan = planOf(...creditCheck(HALVES), knativeService("home", { namespace: "other" }));
    expect(hostsAt(plan, "ingress")).toEqual([
      "advanced-credit-check.kyc.example.com",
      "basic-credit-check.kyc.example.com",
      "credit-check.kyc.example.com",
      "home.other.example.com",
    ]);
  });

  test("have the position of the traffic block, or of the tag's target", () => {
    const plan = planOf(...creditCheck(HALVES));
    expect(rulesAt(plan, "mesh", "credit-check.kyc")[0]?.at).toEqual({ file: "2.yaml", line: 13, column: 3 });
    expect(rulesAt(plan, "mesh", "advanced-credit-check.kyc")[0]?.at).toEqual({
      file: "2.yaml",
      line: 17,
      column: 7,
    });
  });
});

function destination(tag: string, weight: number) {
  const revision = `credit-check-${tag}`;
  return {
    host: `${revision}.kyc.svc.cluster.local`,
    port: 80,
    subset: undefined,
    weight,
    authority: undefined,
    request: {
      set: [
        ["knative-serving-namespace", "kyc"],
        ["knative-serving-revision", revision],
      ] as [string, string][],
      add: [],
      remove: [],
    },
    response: { set: [], add: [], remove: [] },
    backend: { kind: "revision" as const, revision: `kyc/${revision}` },
  };
}

function hostsAt(plan: Plan, listener: Listener): string[] {
  const { exact, suffixes, any } = hostsOn(plan.table, listener);
  expect([suffixes, any]).toEqual([[], undefined]);
  return [...exact.keys()].sort();
}

describe("routing by the header Knative-Serving-Tag", () => {
  const features = (value: string): object => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "config-features", namespace: "knative-serving" },
    data: { "tag-header-based-routing": value },
  });
  const traffic = [
    { revisionName: "credit-check-basic", tag: "basic", percent: 100 },
    { revisionName: "credit-check-advanced", tag: "advanced", percent: 0 },
  ];
  const tagged = (tag: string): { headers: [string, string][] } => ({
    headers: [["knative-serving-tag", tag]],
  });

  test.each([
    ["enabled", "advanced", "credit-check-advanced"],
    ["enabled", "basic", "credit-check-basic"],
    ["enabled", "other", "credit-check-basic"],
    ["disabled", "advanced", "credit-check-basic"],
  ])("that is %s: %s leads to %s", (value, tag, expected) => {
    const plan = planOf(...creditCheck(traffic), features(value));
    for (const [listener, host] of [
      ["mesh", "credit-check.kyc"],
      ["local-gateway", "credit-check.kyc.svc.cluster.local"],
      ["ingress", "credit-check.kyc.example.com"],
    ] as const) {
      expect(sent(plan, listener, request(host, "/", tagged(tag)))).toMatchObject({
        revision: `kyc/${expected}`,
      });
    }
  });

  test("reports the route of the request to the revision", () => {
    const plan = planOf(...creditCheck(traffic), features("enabled"));
    const seen = (host: string, tag?: string): (string | undefined)[] => {
      const end = sent(plan, "mesh", request(host, "/", tag === undefined ? {} : tagged(tag)));
      const headers = end.kind === "revision" ? end.request.headers : undefined;
      return ["knative-serving-tag", "knative-serving-default-route"].map((name) => headers?.joined(name));
    };
    expect(seen("credit-check.kyc")).toEqual([undefined, "true"]);
    expect(seen("credit-check.kyc", "other")).toEqual(["other", "true"]);
    expect(seen("credit-check.kyc", "advanced")).toEqual(["advanced", undefined]);
    expect(seen("advanced-credit-check.kyc")).toEqual(["advanced", undefined]);
  });

  test("is off by default, as on a cluster", () => {
    const plan = planOf(...creditCheck(traffic));
    const end = sent(plan, "mesh", request("credit-check.kyc", "/", tagged("advanced")));
    expect(end).toMatchObject({ revision: "kyc/credit-check-basic" });
  });
});
