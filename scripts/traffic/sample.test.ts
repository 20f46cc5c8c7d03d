import { beforeAll, describe, expect, test } from "bun:test";
import { readManifests } from "../manifests/read.ts";
import { choose, type Edit, FOLDERS, SPLITS, withSample } from "../../test/sample.ts";
import { compilePlan, type Plan } from "./compile/compile.ts";
import { request, sent } from "./testing/sample-plans.ts";
import type { Listener } from "./table.ts";

// The sample with each of its three splits.

const AGGREGATOR = { "kyc-aggregator-00001": 1 };
const BASIC = { "credit-check-basic": 1 };
const ADVANCED = { "credit-check-advanced": 1 };
const SPLIT = { "credit-check-basic": 0.5, "credit-check-advanced": 0.5 };
const NOWHERE = { 404: 1 };

type Headers = [string, string][];
const OUR_HOST = "kyc-credit-check.kyc.svc.cluster.local";

const REQUESTS: [
  Listener,
  method: string,
  host: string,
  target: string,
  Headers,
  shares: Record<string, number>,
][] = [
  ["ingress", "GET", "127.0.0.1:8080", "/", [], AGGREGATOR],
  ["ingress", "GET", "any.example", "/kyc/v1/customer?type=basicReport", [], AGGREGATOR],
  ["ingress", "GET", "any.example", "/kyc/v1/customer/", [], AGGREGATOR],
  ["ingress", "GET", "any.example", "/ingress/kyc/v1/customer", [], AGGREGATOR],
  ["ingress", "GET", "any.example", "/swagger", [], AGGREGATOR],
  ["ingress", "GET", "any.example", "/swagger/json", [], AGGREGATOR],
  ["ingress", "GET", "any.example", "/swaggers", [], NOWHERE],
  ["ingress", "GET", "any.example", "/kyc", [], NOWHERE],
  ["ingress", "GET", "any.example", "/metrics", [], NOWHERE],
  ["ingress", "GET", "any.example", "/credit-check", [], NOWHERE],
  ["ingress", "GET", "kyc-aggregator.kyc.example.com", "/metrics", [], AGGREGATOR],
  ["ingress", "GET", "credit-check.kyc.example.com", "/metrics", [], NOWHERE],
  ["ingress", "POST", "any.example", "/credit-check/basic", [], BASIC],
  ["ingress", "GET", "any.example", "/credit-check/advanced?x=1", [], ADVANCED],
  ["ingress", "GET", "any.example", "/credit-check/report", [], SPLIT],
  ["ingress", "GET", "any.example", "/credit-check/report", [["end-user", "advanced"]], ADVANCED],
  ["mesh", "GET", OUR_HOST, "/credit-check/basic", [["end-user", "advanced"]], BASIC],
  ["mesh", "GET", `${OUR_HOST}:80`, "/credit-check/advanced", [], ADVANCED],
  ["mesh", "GET", OUR_HOST, "/credit-check/report", [], SPLIT],
  ["mesh", "GET", OUR_HOST, "/credit-check/report?end-user=basic", [], SPLIT],
  ["mesh", "GET", OUR_HOST, "/credit-check/report", [["end-user", "basic"]], BASIC],
  ["mesh", "GET", OUR_HOST, "/credit-check/report", [["end-user", "advanced"]], ADVANCED],
  ["mesh", "GET", OUR_HOST, "/credit-check/report", [["end-user", "Basic"]], SPLIT],
  [
    "mesh",
    "GET",
    OUR_HOST,
    "/credit-check/report",
    [
      ["end-user", "other"],
      ["end-user", "basic"],
    ],
    BASIC,
  ],
  ["mesh", "GET", OUR_HOST, "/credit-check/report/", [["end-user", "basic"]], SPLIT],
  ["mesh", "GET", OUR_HOST, "/credit-check/basic/", [], SPLIT],
  ["mesh", "GET", OUR_HOST, "/readyz", [], SPLIT],
  ["mesh", "GET", "kyc-credit-check.kyc", "/credit-check/basic", [], BASIC],
  ["local-gateway", "GET", OUR_HOST, "/credit-check/report", [["end-user", "advanced"]], ADVANCED],
  ["local-gateway", "GET", OUR_HOST, "/credit-check/report", [], SPLIT],
  ["mesh", "GET", "credit-check.kyc.svc.cluster.local", "/credit-check/basic", [], SPLIT],
  ["mesh", "GET", "basic-credit-check.kyc", "/anything", [], BASIC],
  ["local-gateway", "GET", "advanced-credit-check.kyc.svc.cluster.local", "/", [], ADVANCED],
  ["mesh", "GET", "credit-check-basic.kyc.svc.cluster.local", "/", [], BASIC],
  ["mesh", "GET", "kyc-aggregator.kyc", "/", [], AGGREGATOR],
  ["mesh", "GET", "v3-credit-check.kyc.svc.cluster.local", "/", [], NOWHERE],
  ["mesh", "GET", "example.com", "/", [], NOWHERE],
];

describe.each(SPLITS)("with split/%s", (split) => {
  let plan: Plan;
  beforeAll(async () => {
    plan = await planOfSample([choose(split)]);
  });

  test.each(REQUESTS)("%s %s %s%s %j goes to %j", (listener, method, host, target, headers, expected) => {
    expect(sharesOf(plan, listener, host, target, { method, headers })).toEqual(expected);
  });

  test("a revision gets the original path and headers of the caller", () => {
    const headers: Headers = [
      ["end-user", "basic"],
      ["x-request-id", "7"],
    ];
    const end = sent(plan, "mesh", request(OUR_HOST, "/credit-check/report?a=%20", { headers }));
    if (end.kind !== "revision") throw new Error(end.kind);
    expect(end.request.target).toBe("/credit-check/report?a=%20");
    expect(
      [...end.request.headers].filter(([name]) => name === "end-user" || name === "x-request-id"),
    ).toEqual(headers);
  });

  test("a revision is chosen by Knative's headers at any listener", () => {
    for (const target of ["/credit-check/basic", "/credit-check/report"]) {
      const end = sent(plan, "mesh", request(OUR_HOST, target));
      if (end.kind !== "revision") throw new Error(end.kind);
      expect(end.request.headers.joined("knative-serving-namespace")).toBe("kyc");
      expect(end.request.headers.joined("knative-serving-revision")).toBe("credit-check-basic");
    }
  });

  test("nothing is retried", () => {
    for (const [listener, method, host, target, headers] of REQUESTS) {
      for (const { before } of sent(plan, listener, request(host, target, { method, headers })).hops)
        expect(before).toBeUndefined();
    }
  });
});

describe("the owner of the split", () => {
  const moved: Edit = {
    file: "knative/credit-check/2-advanced.yaml",
    from: /50\n(.*\n.*\n.*)50/,
    to: "100\n$10",
  };

  test.each([
    ["by-knative", { "credit-check-basic": 1 }],
    ["by-istio", SPLIT],
    ["by-istio-tags", SPLIT],
  ])("%s: Knative's 100 to 0 result in %j at our own host", async (split, expected) => {
    const plan = await planOfSample([choose(split), moved]);
    expect(sharesOf(plan, "mesh", OUR_HOST, "/credit-check/report")).toEqual(expected);
    expect(sharesOf(plan, "mesh", OUR_HOST, "/credit-check/advanced")).toEqual(ADVANCED);
    expect(sharesOf(plan, "mesh", "credit-check.kyc", "/")).toEqual(BASIC);
  });
});

describe("the revision in a response of the split", () => {
  test.each([
    ["by-knative", [undefined]],
    ["by-istio", ["credit-check-basic", "credit-check-advanced"]],
    ["by-istio-tags", ["credit-check-basic", "credit-check-advanced"]],
  ])("%s sets x-kyc-revision to %j", async (split, expected) => {
    const plan = await planOfSample([choose(split)]);
    const told = [0, 0.9].map((draw) => {
      const { hops } = sent(plan, "mesh", request(OUR_HOST, "/credit-check/report"), draw);
      const changes = hops.flatMap(({ destination }) => destination?.response.set ?? []);
      return changes.find(([name]) => name === "x-kyc-revision")?.[1];
    });
    expect([...new Set(told)]).toEqual(expected as string[]);
  });
});

async function planOfSample(edits: Edit[]): Promise<Plan> {
  const { resources, problems } = await withSample(edits, (root) => readManifests(root, FOLDERS));
  const compiled = compilePlan(resources, "example.com");
  expect([...problems, ...compiled.problems]).toEqual([]);
  return compiled.plan;
}

/**
 * Returns the exact share of requests by their end: no request of the sample passes more than one weighted choice.
 */
function sharesOf(
  plan: Plan,
  listener: Listener,
  host: string,
  target: string,
  more: { method?: string; headers?: Headers } = {},
): Record<string, number> {
  const draws = 100;
  const counts: Record<string, number> = {};
  for (let i = 0; i < draws; i++) {
    const end = sent(plan, listener, request(host, target, more), (i + 0.5) / draws);
    const place =
      end.kind === "revision"
        ? end.revision.replace("kyc/", "")
        : end.kind === "nowhere"
          ? end.status
          : end.kind;
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([place, count]) => [place, count / draws]));
}
