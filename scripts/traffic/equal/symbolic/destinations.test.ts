import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../../manifests/document.ts";
import { formatProblem } from "../../../manifests/problem.ts";
import { creditCheck, HALVES, virtualService } from "../../testing/sample-plans.ts";
import { compareViews } from "../views.ts";
import { entriesOf } from "../entries.ts";
import { prepare } from "../prepare.ts";

const documents = (file: string, objects: object[]) =>
  objects.flatMap((object) => parseDocuments(file, JSON.stringify(object)).documents);

function between(a: object[], b: object[]) {
  const sides = [
    { name: "a", documents: documents("a.yaml", a) },
    { name: "b", documents: documents("b.yaml", b) },
  ] as const;
  const { errors, notes, doubts, ...ready } = prepare(sides, [], "example.com");
  expect(errors.map(formatProblem)).toEqual([]);
  const result = compareViews(ready.views, entriesOf(ready.a, ready.b), {
    revisionHeader: undefined,
    notes,
    doubts,
  });
  return { ...result, why: result.doubts.map(({ why }) => why) };
}

const verdict = (a: object[], b: object[]) => between(a, b).verdict;
const places = (a: object[], b: object[]) =>
  between(a, b).differences[0]?.sides.map((side) => side.map(({ place }) => place));

const ISTIO = { apiVersion: "networking.istio.io/v1" };
const toReviews = (more: object = {}) =>
  virtualService([{ route: [{ destination: { host: "reviews", ...more } }] }]);
const rule = (subsets: object[], more: object = {}, name = "reviews") => ({
  ...ISTIO,
  kind: "DestinationRule",
  metadata: { name, namespace: "kyc" },
  spec: { host: "reviews", subsets, ...more },
});
const subset = (name: string, version: string, more: object = {}) => ({ name, labels: { version }, ...more });
const service = (ports: number[], selector: object = { app: "reviews" }, more: object = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "reviews", namespace: "kyc" },
  spec: { selector, ports: ports.map((port) => ({ port, name: `http-${port}` })), ...more },
});

describe("a subset of a host outside of Knative", () => {
  const stable = toReviews({ subset: "stable" });

  test("is identified by the labels of its pods, not by its name", () => {
    const v1 = [stable, rule([subset("stable", "v1")])];
    expect(verdict(v1, v1)).toBe("equal");
    expect(places(v1, [stable, rule([subset("stable", "v2")])])).toEqual([
      ["reviews.kyc.svc.cluster.local (its only port), pods with version=v1"],
      ["reviews.kyc.svc.cluster.local (its only port), pods with version=v2"],
    ]);
    expect(verdict(v1, [toReviews({ subset: "s" }), rule([subset("s", "v1")])])).toBe("equal");
  });

  test("is found by host, for any name of its DestinationRule", () => {
    const [a, b] = ["v1", "v2"].map((version) => [stable, rule([subset("stable", version)], {}, version)]);
    expect(verdict(a as object[], b as object[])).toBe("different");
  });

  test("that its DestinationRule does not have is a 503", () => {
    const a = [stable, rule([subset("stable", "v1")])];
    const b = [stable, rule([subset("stabel", "v1")])];
    expect(places(a, b)?.[1]).toEqual([
      "503 (no cluster: reviews.kyc.svc.cluster.local has no subset stable)",
    ]);
    expect(verdict(b, b)).toBe("equal");
  });

  test("is assumed to be the same if its DestinationRule is missing, which is noted", () => {
    const { verdict, notes } = between([stable], [stable]);
    expect([verdict, notes]).toEqual([
      "equal",
      [
        "assumption: reviews.kyc.svc.cluster.local subset stable is the same on both sides; its DestinationRule is not in the files",
      ],
    ]);
    const ofService = [
      ...creditCheck(HALVES),
      virtualService([{ route: [{ destination: { host: "credit-check", subset: "x" } }] }]),
    ];
    expect(between(ofService, ofService).verdict).toBe("equal");
  });

  test("is not looked up in a DestinationRule of the other side if this side has it for another host", () => {
    const moved = rule([subset("stable", "v1")], { host: "others" });
    const away = { ...moved, metadata: { name: "reviews", namespace: "other" } };
    for (const one of [moved, away])
      expect(verdict([stable, rule([subset("stable", "v1")])], [stable, one])).not.toBe("equal");
  });

  test("of the longest wildcard applies", () => {
    const wild = (host: string, version: string, name: string) =>
      rule([subset("stable", version)], { host }, name);
    const both = [stable, wild("*.svc.cluster.local", "v1", "x"), wild("*.kyc.svc.cluster.local", "v2", "y")];
    expect(places(both, [stable, rule([subset("stable", "v3")])])?.[0]).toEqual([
      "reviews.kyc.svc.cluster.local (its only port), pods with version=v2",
    ]);
  });
});

describe("a port", () => {
  test("that is not set is the only port of the Service", () => {
    const [none, same, other] = [
      toReviews(),
      toReviews({ port: { number: 8080 } }),
      toReviews({ port: { number: 80 } }),
    ];
    expect(verdict([none, service([8080])], [same, service([8080])])).toBe("equal");
    expect(places([none, service([8080])], [other, service([8080])])).toEqual([
      ["reviews.kyc.svc.cluster.local:8080, pods with app=reviews"],
      ["503 (no cluster: reviews.kyc.svc.cluster.local has no port 80)"],
    ]);
  });

  test("that the Service does not have is a 503, for any number and any rule", () => {
    const to = (number: number, more: object = {}): object[] => [
      virtualService([{ route: [{ destination: { host: "reviews", port: { number } } }], ...more }]),
      service([8080]),
    ];
    expect(verdict(to(80), to(81))).toBe("equal");
    expect(verdict(to(80), to(80, { timeout: "1s", retries: { attempts: 5 } }))).toBe("equal");
    const mirrors = ["v1", "v2"].map((host) => ({ mirror: { host } })) as [object, object];
    expect(verdict(to(80, mirrors[0]), to(80, mirrors[1]))).toBe("equal");
    expect(verdict(to(8080, mirrors[0]), to(8080, mirrors[1]))).not.toBe("equal");
  });

  test("may be the only one if the Service is not described", () => {
    const [none, given] = [toReviews(), toReviews({ port: { number: 9080 } })];
    expect(verdict([given], [given])).toBe("equal");
    expect(verdict([none], [given])).toBe("unknown");
    expect(verdict([toReviews({ port: { number: 9081 } })], [given])).toBe("different");
  });

  test("leads to the pods that the Service selects", () => {
    expect(verdict([toReviews(), service([80])], [toReviews(), service([80], { app: "other" })])).toBe(
      "different",
    );
  });
});

describe("an unmodelled setting on the way to a destination", () => {
  const policy = (trafficPolicy: object) => [toReviews(), rule([], { trafficPolicy })];
  const [one, other] = [{ loadBalancer: { simple: "RANDOM" } }, { loadBalancer: { simple: "ROUND_ROBIN" } }];

  test("does not matter if it is the same, in any order of fields", () => {
    expect(verdict(policy({ ...one, tls: {} }), policy({ tls: {}, ...one }))).toBe("equal");
  });

  test.each<[string, object[], object[], string]>([
    ["trafficPolicy", policy(one), policy(other), "DestinationRule spec.trafficPolicy (a.yaml:1)"],
    [
      "none on one side",
      [toReviews(), rule([])],
      policy(one),
      "DestinationRule spec.trafficPolicy (b.yaml:1)",
    ],
    [
      "of a subset",
      [toReviews({ subset: "s" }), rule([subset("s", "v1")])],
      [toReviews({ subset: "s" }), rule([subset("s", "v1", { trafficPolicy: one })])],
      "DestinationRule spec.subsets.trafficPolicy (b.yaml:1)",
    ],
    [
      "sessionAffinity",
      [toReviews(), service([80])],
      [toReviews(), service([80], { app: "reviews" }, { sessionAffinity: "ClientIP" })],
      "Service spec.sessionAffinity (b.yaml:1)",
    ],
  ])("leaves a doubt with its position if it differs: %s", (_, a, b, named) => {
    const { verdict, why } = between(a, b);
    expect([verdict, why[0]]).toEqual(["unknown", expect.stringContaining(named)]);
  });

  test("is compared as written even if the local mesh implements it", () => {
    const hash = (field: object) => policy({ loadBalancer: { consistentHash: field } });
    expect(verdict(hash({ useSourceIp: true }), hash({ useSourceIp: true }))).toBe("equal");
    expect(verdict(hash({ useSourceIp: true }), hash({ httpHeaderName: "x-user" }))).toBe("unknown");
    expect(verdict(hash({ useSourceIp: true }), policy({}))).toBe("unknown");
  });

  test("does not hide a difference", () => {
    const toOthers = virtualService([{ route: [{ destination: { host: "others" } }] }]);
    expect(verdict(policy(one), [toOthers, rule([], { trafficPolicy: other })])).toBe("different");
  });

  test("matters for a host without rules, which callers reach directly", () => {
    const toOthers = virtualService([{ route: [{ destination: { host: "others" } }] }]);
    const [a, b] = [one, other].map((trafficPolicy) => [toOthers, rule([], { trafficPolicy })]);
    expect(verdict(a as object[], a as object[])).toBe("equal");
    expect(verdict(a as object[], b as object[])).toBe("unknown");
    expect(verdict([toOthers, service([80])], [toOthers, service([80], { app: "other" })])).toBe("different");
  });
});

describe("a rule that only one side has", () => {
  test("is found, although its host is not described", () => {
    const only = { match: [{ uri: { prefix: "/a" } }], route: [{ destination: { host: "reviews" } }] };
    const rest = { route: [{ destination: { host: "others" } }] };
    expect(verdict([virtualService([only, rest])], [virtualService([only])])).toBe("different");
  });
});

test("istiod's default retry is the same written out", () => {
  const written = {
    attempts: 2,
    retryOn: "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
  };
  const route = [{ destination: { host: "reviews" } }];
  expect(verdict([virtualService([{ route }])], [virtualService([{ route, retries: written }])])).toBe(
    "equal",
  );
});
