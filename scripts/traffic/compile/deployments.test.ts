import { describe, expect, test } from "bun:test";
import { revisionShares } from "../distribution.ts";
import { weightedServiceOf } from "../split/planned-splits.ts";
import {
  compiled,
  type Manifest,
  planOf,
  request,
  sent,
  virtualService as ruleOf,
} from "../testing/sample-plans.ts";
import type { Plan } from "./compile.ts";

const NAMESPACE = "kyc";

function service(name: string, selector: object, port = 9080): object {
  const metadata = { name, namespace: NAMESPACE };
  return { apiVersion: "v1", kind: "Service", metadata, spec: { selector, ports: [{ name: "http", port }] } };
}

function deployment(name: string, labels: object, replicas?: number): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "a", image: "shop/reviews:1" }] } },
    },
  };
}

function subsets(...names: string[]): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "reviews", namespace: NAMESPACE },
    spec: {
      host: "reviews",
      subsets: names.map((name) => ({ name, labels: { version: name } })),
    },
  };
}

const version = (name: string, replicas?: number): object =>
  deployment(`reviews-${name}`, { app: "reviews", version: name }, replicas);
const REVIEWS = [service("reviews", { app: "reviews" }), version("v1"), version("v2")];

const split = (...route: object[]): object => ruleOf([{ route }], { hosts: ["reviews"] }, "reviews");
const toSubset = (subset: string, weight?: number): object => ({
  destination: { host: "reviews", subset },
  ...(weight === undefined ? {} : { weight }),
});

/** Returns the share of each Deployment in the requests for a host. */
function shares(plan: Plan, host = "reviews:9080"): Record<string, number> {
  return Object.fromEntries(revisionShares(plan.table, "mesh", request(host)));
}

describe("requests for a Kubernetes Service", () => {
  test("go to all of its Deployments, by their replicas and for each of its names", () => {
    const plan = planOf(
      service("reviews", { app: "reviews" }),
      version("v1", 3),
      version("v2"),
      version("v3", 0),
    );
    for (const host of ["reviews", "reviews:9080", "reviews.kyc", "reviews.kyc.svc.cluster.local"])
      expect(shares(plan, host)).toEqual({ "kyc/reviews-v1": 0.75, "kyc/reviews-v2": 0.25 });
  });

  test("go to the Deployments of a subset, by the weights of a VirtualService", () => {
    const plan = planOf(...REVIEWS, subsets("v1", "v2"), split(toSubset("v1", 90), toSubset("v2", 10)));
    expect(shares(plan)).toEqual({ "kyc/reviews-v1": 0.9, "kyc/reviews-v2": 0.1 });
  });

  test("share the weight of a destination exactly in proportion to replicas", () => {
    const plan = planOf(
      service("reviews", { app: "reviews" }),
      service("other", { app: "other" }),
      version("v1", 2),
      version("v2"),
      deployment("other", { app: "other" }),
      split({ destination: { host: "reviews" }, weight: 10 }, { destination: { host: "other" }, weight: 90 }),
    );
    const found = shares(plan);
    expect(found["kyc/other"]).toBe(0.9);
    expect(found["kyc/reviews-v1"]).toBeCloseTo(0.2 / 3, 12);
    expect(found["kyc/reviews-v2"]).toBeCloseTo(0.1 / 3, 12);
  });

  test.each<[string, Manifest[], string]>([
    [
      "no Deployment has the labels of",
      [service("reviews", { app: "reviews" })],
      "no Deployment has pods with the labels app=reviews, so requests to reviews are answered 503; add the Deployment, or correct the labels",
    ],
    ["its Deployment has no replica", [service("reviews", { app: "reviews" }), version("v1", 0)], ""],
  ])("are for a revision without a process if %s", (_, manifests, expected) => {
    const { plan, problems } = compiled(...manifests);
    const end = sent(plan, "mesh", request("reviews"));
    expect(end).toMatchObject({ kind: "revision", revision: "kyc/Service reviews" });
    expect(problems.map((problem) => problem.replace(/^.*selector: /, "")).join()).toBe(expected);
  });

  test("to a subset without Deployment have no backend, with a warning", () => {
    const { plan, problems } = compiled(...REVIEWS, subsets("v1", "v4"), split(toSubset("v4")));
    expect(problems).toEqual([
      "4.yaml:14:9: warning: spec.subsets[1].labels: no Deployment behind reviews has these labels, so requests to the subset are answered 503; version: known are v1, v2",
    ]);
    expect(sent(plan, "mesh", request("reviews"))).toMatchObject({
      revision: "kyc/Service reviews, subset v4",
    });
  });

  test("are answered by the mesh if a VirtualService of its host has no rule for them", () => {
    const match = [{ uri: { prefix: "/a" } }];
    const plan = planOf(
      ...REVIEWS,
      subsets("v1"),
      ruleOf([{ match, route: [toSubset("v1")] }], { hosts: ["reviews"] }),
    );
    expect(sent(plan, "mesh", request("reviews", "/a"))).toMatchObject({ kind: "revision" });
    expect(sent(plan, "mesh", request("reviews", "/b"))).toMatchObject({ kind: "nowhere", status: 404 });
  });

  test("an ambiguous short name resolves to no host", () => {
    const other = {
      ...service("reviews", { app: "reviews" }),
      metadata: { name: "reviews", namespace: "b" },
    };
    const plan = compiled(...REVIEWS, other).plan;
    expect(sent(plan, "mesh", request("reviews"))).toMatchObject({ kind: "nowhere" });
    expect(sent(plan, "mesh", request("reviews.kyc"))).toMatchObject({ kind: "revision" });
  });
});

test("a destination's port must be one of the Service", () => {
  const { problems } = compiled(
    ...REVIEWS,
    split({ destination: { host: "reviews", port: { number: 80 } } }),
  );
  expect(problems).toEqual([
    "4.yaml:14:23: error: spec.http[0].route[0].destination.port.number: reviews.kyc.svc.cluster.local has no port 80; write one of its ports: 9080",
  ]);
});

describe("the plan of a Service", () => {
  test("names each Deployment by the subset that only it belongs to", () => {
    const [plan] = planOf(...REVIEWS, subsets("v1", "v2")).services;
    expect(plan?.revisions.map(({ name }) => name)).toEqual(["reviews-v1", "reviews-v2"]);
    expect(plan?.traffic.map(({ revision, tag, percent }) => [revision, tag, percent])).toEqual([
      ["reviews-v1", "v1", 50],
      ["reviews-v2", "v2", 50],
    ]);
  });

  test("has the Services of versions as further hosts, for any selector of its own", () => {
    const { services } = planOf(
      service("app", { app: "app-primary" }),
      service("app-primary", { app: "app-primary" }),
      service("app-canary", { app: "app" }),
      deployment("app-primary", { app: "app-primary" }),
      deployment("app", { app: "app" }),
      ruleOf(
        [
          {
            route: ["primary", "canary"].map((name) => ({
              destination: { host: `app-${name}` },
              weight: 50,
            })),
          },
        ],
        { hosts: ["app"] },
      ),
    );
    expect(services.map(({ name }) => name)).toEqual(["app"]);
    const [plan] = services;
    expect(plan?.podHosts?.map(({ name }) => name)).toEqual(["app", "app-primary", "app-canary"]);
    expect(plan && weightedServiceOf(plan)).toMatchObject({
      revisions: ["app-primary", "app-canary"],
      revisionsAre: "services",
    });
  });
});
