import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../../manifests/document.ts";
import { compareDocuments } from "../compare-documents.ts";

const istio = (kind: string, name: string, spec: object, namespace = "shop"): object => ({
  apiVersion: kind === "EnvoyFilter" ? "networking.istio.io/v1alpha3" : "networking.istio.io/v1",
  kind,
  metadata: { name, namespace },
  spec,
});

function compared(a: object[], b: object[]) {
  const [ofA, ofB] = [a, b].map((objects, i) => ({
    name: "ab"[i] as string,
    documents: objects.flatMap((object) => parseDocuments(`${i}.yaml`, JSON.stringify(object)).documents),
  })) as [{ name: string; documents: [] }, { name: string; documents: [] }];
  const result = compareDocuments([ofA, ofB], { domain: "example.com", revisionHeader: undefined });
  if (result.kind !== "compared") throw new Error(`not compared: ${JSON.stringify(result)}`);
  const { verdict, unread, notes } = result.comparison;
  return { verdict, unread, notes };
}

describe("routes of TCP and TLS connections", () => {
  const rule = (subsets: object[]): object =>
    istio("DestinationRule", "mongo", { host: "mongo.shop.svc.cluster.local", subsets });
  const blue = { name: "blue", labels: { color: "blue" } };
  const connections = (field: "tcp" | "tls", more: object = {}): object =>
    istio("VirtualService", "mongo", {
      hosts: ["mongo"],
      [field]: [{ match: [{ port: 27017 }], route: [{ destination: { host: "mongo", subset: "blue" } }] }],
      ...more,
    });
  const service = (selector: object): object => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "mongo", namespace: "shop" },
    spec: { selector, ports: [{ port: 27017 }] },
  });

  test.each(["tcp", "tls"] as const)("under %s are the same if all of their destinations are", (field) => {
    const side = [connections(field), rule([blue]), service({ app: "mongo" })];
    expect(compared(side, side.toReversed())).toMatchObject({ verdict: "equal", unread: [] });
  });

  test.each<[string, object[]]>([
    ["labels of a subset", [rule([{ ...blue, labels: { color: "green" } }])]],
    ["a subset that is gone", [rule([{ ...blue, name: "azure" }])]],
    ["a DestinationRule that is gone", []],
    ["a policy of the subset", [rule([{ ...blue, trafficPolicy: { tls: { mode: "SIMPLE" } } }])]],
  ])("are not the same with %s", (_, others) => {
    const { verdict, unread } = compared([connections("tcp"), rule([blue])], [connections("tcp"), ...others]);
    expect([verdict, unread[0]]).toEqual([
      "unknown",
      "0.yaml:1: spec.tcp or its destinations differ between the sides, and routes of connections are not modelled",
    ]);
  });

  test("are not the same for other pods, and not at another gateway", () => {
    const [a, b] = ["mongo", "other"].map((app) => [connections("tcp"), service({ app })]) as [
      object[],
      object[],
    ];
    expect(compared(a, b).verdict).not.toBe("equal");
    const atGateway = connections("tcp", { gateways: ["edge/front"] });
    expect(compared([connections("tcp")], [atGateway]).verdict).not.toBe("equal");
  });
});

describe("objects that select others by name or namespace", () => {
  const HOST = "api.shop.svc.cluster.local";
  const rules = (names: readonly string[], namespace = "shop"): object =>
    istio(
      "VirtualService",
      "api",
      { hosts: [HOST], http: names.map((name) => ({ name, route: [{ destination: { host: HOST } }] })) },
      namespace,
    );
  const sidecar = istio("Sidecar", "default", { egress: [{ hosts: ["./*", "shop/*"] }] }, "team");
  const filter = (match: object): object =>
    istio("EnvoyFilter", "limit", {
      configPatches: [{ applyTo: "HTTP_ROUTE", match, patch: { operation: "MERGE", value: {} } }],
    });

  test("a Sidecar sees another namespace of a VirtualService, which is nothing without one", () => {
    const [here, there] = [rules(["first"]), rules(["first"], "other")];
    expect(compared([here], [there]).verdict).toBe("equal");
    expect(compared([here, sidecar], [here, sidecar]).verdict).toBe("equal");
    expect(compared([here, sidecar], [there, sidecar])).toMatchObject({
      verdict: "unknown",
      unread: [
        `a VirtualService for ${HOST} in the namespace shop is only on one side, and Sidecar team/default selects by namespace what its callers see`,
        `a VirtualService for ${HOST} in the namespace other is only on one side, and Sidecar team/default selects by namespace what its callers see`,
      ],
    });
  });

  test("an EnvoyFilter changes a rule by its name, and no other", () => {
    const ofRoute = filter({ routeConfiguration: { vhost: { route: { name: "first" } } } });
    const [a, renamed] = [rules(["first"]), rules(["second"])];
    expect(compared([a], [renamed]).verdict).toBe("equal");
    expect(compared([a, ofRoute], [renamed, ofRoute])).toMatchObject({
      verdict: "unknown",
      unread: [
        "the rule first differs between the sides, and EnvoyFilter shop/limit changes objects with this name",
      ],
    });
    expect(compared([rules(["third"]), ofRoute], [renamed, ofRoute]).verdict).toBe("equal");
  });

  test.each([{ subset: "stable" }, { name: `outbound|80|stable|${HOST}` }])(
    "an EnvoyFilter changes a cluster by its subset: %j",
    (cluster) => {
      const side = (subset: string): object[] => [
        istio("VirtualService", "api", {
          hosts: [HOST],
          http: [{ route: [{ destination: { host: HOST, subset } }] }],
        }),
        istio("DestinationRule", "api", { host: HOST, subsets: [{ name: subset, labels: { v: "1" } }] }),
      ];
      const ofCluster = filter({ cluster });
      expect(compared(side("stable"), side("steady")).verdict).toBe("equal");
      expect(compared([...side("stable"), ofCluster], [...side("steady"), ofCluster]).verdict).toBe(
        "unknown",
      );
    },
  );
});

describe("a Gateway that is not in the files", () => {
  const at = (match: object | undefined): object =>
    istio("VirtualService", "web", {
      hosts: ["web.example"],
      gateways: ["edge/front"],
      http: [
        {
          ...(match === undefined ? {} : { match: [match] }),
          route: [{ destination: { host: "web.example" } }],
        },
      ],
    });

  test("may have any port that a rule asks for, and others", () => {
    expect(compared([at({ port: 80 })], [at({ port: 80 })]).verdict).toBe("equal");
    expect(compared([at({ port: 80 })], [at(undefined)]).verdict).toBe("different");
    expect(compared([at({ port: 443 })], [at({ port: 8443 })]).verdict).toBe("different");
  });
});

describe("a Service with an external name", () => {
  const service = (externalName: string): object => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "old", namespace: "shop" },
    spec: { type: "ExternalName", externalName },
  });
  const rules = (path: string, host = "old.shop.svc.cluster.local"): object =>
    istio("VirtualService", "web", {
      hosts: ["web.example"],
      http: [
        {
          match: [{ uri: path === "/" ? { prefix: "/" } : { exact: path } }],
          route: [{ destination: { host } }],
        },
      ],
    });
  const open = istio("VirtualService", "web", {
    hosts: ["web.example"],
    http: [{ route: [{ destination: { host: "old.shop.svc.cluster.local" } }] }],
  });

  test("is the same place where both sides have it", () => {
    const old = service("old.corp.example");
    expect(compared([old, open], [old, rules("/")]).verdict).toBe("equal");
    expect(compared([old, open], [old, rules("/a")]).verdict).toBe("different");
    expect(compared([old, open], [service("new.corp.example"), rules("/")]).verdict).toBe("unknown");
  });
});

describe("labels and annotations that configure Istio and Knative", () => {
  const HOST = "api.shop.svc.cluster.local";
  const marked = (object: object, more: object): object => {
    const { metadata } = object as { metadata: object };
    return { ...object, metadata: { ...metadata, ...more } };
  };
  const rules = istio("VirtualService", "api", {
    hosts: [HOST],
    http: [{ route: [{ destination: { host: HOST } }] }],
  });
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "api", namespace: "shop" },
    spec: { selector: { app: "api" }, ports: [{ port: 80 }] },
  };
  const knative = {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "api", namespace: "shop" },
    spec: { template: { spec: { containers: [{ image: "a" }] } } },
  };
  const deployment = (annotations: object): object => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "api", namespace: "shop" },
    spec: { template: { metadata: { labels: { app: "api" }, annotations } } },
  });

  test.each<[string, object, object]>([
    ["exportTo of a Service", service, { annotations: { "networking.istio.io/exportTo": "." } }],
    ["the revision that reads an object", rules, { labels: { "istio.io/rev": "canary" } }],
    [
      "redirects of a Knative Service",
      knative,
      { annotations: { "networking.knative.dev/http-protocol": "redirected" } },
    ],
  ])("%s are not alike where one side has them", (_, object, more) => {
    const others = object === service ? [rules] : [];
    const [plain, special] = [
      [object, ...others],
      [marked(object, more), ...others],
    ];
    expect(compared(special, special)).toMatchObject({ verdict: "equal", unread: [] });
    const { verdict, unread } = compared(plain, special);
    expect(verdict).toBe("unknown");
    expect(unread).toContainEqual(
      expect.stringMatching(/^1.yaml:1: metadata.*is not the same on both sides/),
    );
  });

  test("a Namespace has no effect except by such labels", () => {
    const namespace = (labels: object): object => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "shop", labels },
      spec: {},
    });
    expect(compared([rules, namespace({ team: "a" })], [rules])).toMatchObject({ verdict: "equal" });
    expect(compared([rules, namespace({ "istio-injection": "enabled" })], [rules])).toMatchObject({
      verdict: "unknown",
      unread: ["Namespace shop is only in a, and its effect on requests is not compared"],
    });
  });

  test("proxies of pods may be configured to do other things", () => {
    const side = (annotations: object): object[] => [service, rules, deployment(annotations)];
    expect(compared(side({}), side({ "sidecar.istio.io/inject": "false" })).verdict).toBe("unknown");
    expect(
      compared(side({}), side({ "sidecar.istio.io/proxyCPU": "100m", "example.org/a": "b" })).verdict,
    ).toBe("equal");
  });

  test.each(["example.org/team", "autoscaling.knative.dev/min-scale", "app.kubernetes.io/name"])(
    "%s is not one of them",
    (name) =>
      expect(compared([rules], [marked(rules, { labels: { [name]: "1" } })])).toMatchObject({
        verdict: "equal",
      }),
  );
});
