import { describe, expect, test } from "bun:test";
import { findingsIn, placesOf } from "../testing/findings.ts";

const yaml = (object: object): string => JSON.stringify(object);
const metadata = (name: string) => ({ name, namespace: "shop" });
const HOST = "reviews.shop.svc.cluster.local";

const service = (name = "reviews", selector: object = { app: "reviews" }): string =>
  yaml({
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(name),
    spec: { selector, ports: [{ port: 80 }] },
  });

const deployment = (
  version: string,
  more: object = {},
  labels: object = {},
  container: object = {},
): string => {
  const readinessProbe = { httpGet: { path: "/ready" } };
  return yaml({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(`reviews-${version}`),
    spec: {
      ...more,
      template: {
        metadata: { labels: { app: "reviews", version, ...labels } },
        // A sidecar and an init container are nothing to complain about.
        spec: {
          initContainers: [{}],
          containers: [{ image: "a", readinessProbe, ...container }, { image: "b" }],
        },
      },
    },
  });
};

const subsets = (v2: object = { version: "v2" }, host = HOST): string =>
  yaml({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: metadata("reviews"),
    spec: {
      host,
      subsets: [
        { name: "v1", labels: { version: "v1" } },
        { name: "v2", labels: v2 },
      ],
    },
  });

const routes = (http: object[], more: object = {}): string =>
  yaml({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: metadata("reviews"),
    spec: { hosts: [HOST], ...(http.length === 0 ? {} : { http }), ...more },
  });

const to = (subset: string, weight?: number) => ({ destination: { host: HOST, subset }, weight });
const SPLIT = routes([{ retries: { attempts: 0 }, route: [to("v1", 90), to("v2", 10)] }]);
const BOTH = [service(), deployment("v1"), deployment("v2")];

describe("a split between Deployments", () => {
  test("has no findings if each subset has pods of its own with readiness probes", () => {
    expect(findingsIn(...BOTH, subsets(), SPLIT).map(({ code }) => code)).toEqual([]);
  });

  test("subset-without-pods finds labels that no Deployment has", () => {
    const found = findingsIn(...BOTH, subsets({ version: "v3" }), SPLIT);
    expect(found.map(({ code, field, fix }) => [code, field, fix])).toEqual([
      ["subset-without-pods", "spec.subsets[1].labels", "version: known are v1, v2"],
    ]);
    // Without any Deployment of the Service the pods are described elsewhere.
    expect(findingsIn(service(), subsets({ version: "v3" }), SPLIT)).toEqual([]);
  });

  test("service-without-pods finds a selector that no Deployment of the namespace has", () => {
    const other = service("reviews", { app: "review" });
    expect(placesOf("service-without-pods", other, deployment("v1"), SPLIT)).toEqual(["1 spec.selector"]);
    expect(placesOf("service-without-pods", other, SPLIT)).toEqual([]);
  });

  test("known-subset finds a subset that the DestinationRule lacks, in any kind of route", () => {
    const other = { destination: { host: HOST, subset: "v9" } };
    const path = (field: string): string => `1 spec.${field}[0].route[0].destination.subset`;
    expect(placesOf("known-subset", ...BOTH, subsets(), routes([{ route: [other] }]))).toEqual([
      path("http"),
    ]);
    expect(placesOf("known-subset", ...BOTH, subsets(), routes([], { tcp: [{ route: [other] }] }))).toEqual([
      path("tcp"),
    ]);
    const copied = routes([{ route: [to("v1")], mirror: other.destination }]);
    expect(placesOf("known-subset", ...BOTH, subsets(), copied)).toEqual(["1 spec.http[0].mirror.subset"]);
    const wild = subsets(undefined, "*.shop.svc.cluster.local");
    expect(placesOf("known-subset", ...BOTH, wild, SPLIT)).toEqual([]);
  });

  test("known-subset finds a subset of a described Service that no DestinationRule is for", () => {
    expect(placesOf("known-subset", ...BOTH, SPLIT)).toHaveLength(2);
    expect(placesOf("known-subset", SPLIT)).toEqual([]);
  });

  test("pods-at-zero finds a share for a Deployment without replicas", () => {
    const atZero = [service(), deployment("v1"), deployment("v2", { replicas: 0 }), subsets()];
    expect(placesOf("pods-at-zero", ...atZero, SPLIT)).toEqual(["1 spec.http[0].route[1].destination"]);
    const kept = routes([{ route: [to("v1", 100), to("v2", 0)] }]);
    expect(placesOf("pods-at-zero", ...atZero, kept)).toEqual([]);
  });

  test("shared-pods finds two destinations with pods of one Deployment", () => {
    expect(placesOf("shared-pods", ...BOTH, subsets({ app: "reviews" }), SPLIT)).toEqual([
      "1 spec.http[0].route[1].destination",
    ]);
    const versions = [service("reviews-v1", { app: "reviews" }), service("reviews-v2", { version: "v2" })];
    const ofServices = routes([
      {
        route: ["v1", "v2"].map((version) => ({
          destination: { host: `reviews-${version}.shop.svc.cluster.local` },
          weight: 50,
        })),
      },
    ]);
    expect(placesOf("shared-pods", ...BOTH, ...versions, ofServices)).toHaveLength(1);
  });

  test("pod-readiness finds a Deployment of a split that cannot tell when it is ready", () => {
    const bare = deployment("v2", {}, {}, { readinessProbe: undefined });
    expect(placesOf("pod-readiness", service(), deployment("v1"), bare, subsets(), SPLIT)).toEqual([
      "1 spec.template.spec.containers[0]",
    ]);
    expect(placesOf("pod-readiness", service(), bare, subsets(), routes([{ route: [to("v2")] }]))).toEqual(
      [],
    );
  });
});

describe("other people's files", () => {
  const codes = (...texts: string[]): string[] => findingsIn(...texts).map(({ code }) => code);
  const rule = { retries: { attempts: 0 }, route: [{ destination: { host: "pay.corp.example" } }] };
  const at = (spec: object): string =>
    yaml({ apiVersion: "networking.istio.io/v1", kind: "VirtualService", metadata: metadata("web"), spec });

  test.each(["pay.corp.example", "*.corp.example"])("a host is known by the ServiceEntry for %s", (host) => {
    const entry = yaml({
      apiVersion: "networking.istio.io/v1",
      kind: "ServiceEntry",
      metadata: metadata("pay"),
      spec: { hosts: [host], ports: [{ number: 80, name: "http", protocol: "HTTP" }], resolution: "DNS" },
    });
    const routing = at({ hosts: ["pay.corp.example"], http: [rule] });
    expect(codes(entry, routing)).not.toContain("known-host");
    expect(codes(routing)).toContain("known-host");
  });

  test("a Service may lead out of the mesh, and a DestinationRule be for a wildcard", () => {
    const external = yaml({
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata("old"),
      spec: { type: "ExternalName", externalName: "old.corp.example" },
    });
    expect(codes(external, subsets(undefined, "*.shop.svc.cluster.local"))).toEqual([]);
  });

  test("a rule that delegates acts, and a Gateway is there whose ports the local mesh does not have", () => {
    const gateway = yaml({
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: metadata("front"),
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [{ port: { number: 8080, name: "http2", protocol: "HTTP2" }, hosts: ["*"] }],
      },
    });
    const found = codes(
      gateway,
      at({ hosts: ["a.example"], gateways: ["front"], http: [{ delegate: { name: "b" } }] }),
    );
    expect(found).not.toContain("rule-without-action");
    expect(found).not.toContain("known-gateway");
  });
});
