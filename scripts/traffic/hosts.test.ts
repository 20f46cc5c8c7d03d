import { describe, expect, test } from "bun:test";
import { clusterLocalNames, fullHost, hostAdvice, hostOf } from "./hosts.ts";
import {
  compiled,
  creditCheck,
  externalName,
  HALVES,
  knativeService,
  planOf,
} from "./testing/sample-plans.ts";

const LOCAL_GATEWAY = "knative-local-gateway.istio-system.svc.cluster.local";

describe("a host in an object of a namespace", () => {
  test.each([
    ["credit-check", "credit-check.kyc.svc.cluster.local"],
    ["credit-check.kyc", "credit-check.kyc"],
    ["a.b.svc.cluster.local", "a.b.svc.cluster.local"],
    ["*", "*"],
    ["*.example.com", "*.example.com"],
  ])("%s is in full %s", (host, expected) => {
    expect(fullHost(host, "kyc")).toBe(expected);
  });
});

describe("the host of an authority", () => {
  test.each([
    ["a.example", "a.example"],
    ["A.Example:8080", "a.example"],
    ["[::1]:8080", "[::1]"],
    ["[::1]", "[::1]"],
    ["[::1", ""],
    ["", ""],
    [":80", ""],
  ])("%p is %p", (authority, expected) => {
    expect(hostOf(authority)).toBe(expected);
  });
});

describe("the backend of a host of the cluster", () => {
  const backends = () =>
    planOf(
      ...creditCheck(HALVES),
      externalName("kyc-credit-check", LOCAL_GATEWAY),
      externalName("old", "credit-check-basic.kyc.svc.cluster.local"),
    ).table.backends;

  test.each([
    ["credit-check-basic", { kind: "revision", revision: "kyc/credit-check-basic" }],
    ["credit-check-advanced", { kind: "revision", revision: "kyc/credit-check-advanced" }],
    ["credit-check", { kind: "listener", listener: "local-gateway" }],
    ["basic-credit-check", { kind: "listener", listener: "local-gateway" }],
    ["kyc-credit-check", { kind: "listener", listener: "local-gateway" }],
    ["old", { kind: "revision", revision: "kyc/credit-check-basic" }],
  ])("%s is the same by each of its names", (service, expected) => {
    for (const name of clusterLocalNames(service, "kyc"))
      expect(backends().get(name)).toEqual(expected as never);
  });

  test("the local gateway's own name is the local gateway", () => {
    expect(backends().get(LOCAL_GATEWAY)).toEqual({ kind: "listener", listener: "local-gateway" });
  });

  test("is undefined for a name without a namespace", () => {
    expect(backends().get("credit-check")).toBeUndefined();
  });

  test.each([
    ["credit-chek.kyc.svc.cluster.local", "did you mean credit-check.kyc.svc.cluster.local?"],
    ["credit-check.kyc", "write its full name, credit-check.kyc.svc.cluster.local"],
    ["istio-ingressgateway.istio-system.svc.cluster.local", "known are "],
    ["example.com", "known are "],
  ])("named by an ExternalName must exist: %s", (target, advice) => {
    const { problems } = compiled(...creditCheck(HALVES), externalName("other", target));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(
      `3.yaml:8:17: error: spec.externalName: ${target} is not a host of this mesh; ${advice}`,
    );
  });

  const KNATIVE = "Knative makes one for each service, tag and revision: choose another name";
  test.each<[string, object[], string]>([
    [
      "an ExternalName like a Knative Service",
      [externalName("credit-check", LOCAL_GATEWAY)],
      `3.yaml:4:9: error: metadata.name: two Services would have the name credit-check.kyc.svc.cluster.local; ${KNATIVE}`,
    ],
    [
      "a service like a tag's host",
      [knativeService("basic-credit-check")],
      `3.yaml:6:1: error: spec.traffic: two Services would have the name basic-credit-check.kyc.svc.cluster.local; ${KNATIVE}`,
    ],
    [
      "a service like another's revision",
      [knativeService("credit-check-basic")],
      `3.yaml:6:1: error: spec.traffic: two Services would have the name credit-check-basic.kyc.svc.cluster.local; ${KNATIVE}`,
    ],
  ])("must be unique: %s is reported", (_, more, expected) => {
    expect(compiled(...creditCheck(HALVES), ...more).problems).toEqual([expected]);
  });
});

describe("advice for a host that does not exist", () => {
  const hosts = new Map(
    ["credit-check", "reports"].flatMap((name) => clusterLocalNames(name, "kyc")).map((name) => [name, 0]),
  );

  test.each([
    ["credit-chekc.kyc.svc.cluster.local", "did you mean credit-check.kyc.svc.cluster.local?"],
    ["credit-check.kyc.svc", "write its full name, credit-check.kyc.svc.cluster.local"],
    [
      "orders.shop.svc.cluster.local",
      "known are credit-check.kyc.svc.cluster.local, reports.kyc.svc.cluster.local",
    ],
  ])("%s: %s", (host, expected) => {
    expect(hostAdvice(host, hosts).fix).toBe(expected);
  });
});
