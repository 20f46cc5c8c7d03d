import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../manifests/document.ts";
import { formatProblem } from "../../manifests/problem.ts";
import { gateway, virtualService } from "../testing/sample-plans.ts";
import { entriesOf, namedEntries } from "./entries.ts";
import { prepare } from "./prepare.ts";
import { compareViews } from "./views.ts";

const documents = (file: string, objects: object[]) =>
  objects.flatMap((object) => parseDocuments(file, JSON.stringify(object)).documents);

function between(a: object[], b: object[], host?: string) {
  const sides = [
    { name: "a", documents: documents("a.yaml", a) },
    { name: "b", documents: documents("b.yaml", b) },
  ] as const;
  const { errors, notes, doubts, views, ...ready } = prepare(sides, [], "example.com");
  expect(errors.map(formatProblem)).toEqual([]);
  const entries =
    host === undefined ? entriesOf(ready.a, ready.b) : namedEntries(ready.a, ready.b, [host, host]);
  return compareViews(views, entries, { revisionHeader: undefined, notes, doubts });
}

function told(a: object[], b: object[], host?: string): string[] {
  const { verdict, differences } = between(a, b, host);
  return [
    verdict,
    ...differences.map(({ hosts, sides, callers }) =>
      [
        callers === undefined ? hosts[0] : `${hosts[0]} for ${callers}`,
        ...sides.map((side) => side.map(({ place }) => place).join()),
      ].join(" | "),
    ),
  ];
}

const [REVIEWS, OTHERS] = ["reviews", "others"].map((host) => ({
  route: [{ destination: { host, port: { number: 80 } } }],
})) as [object, object];
const [TO_REVIEWS, TO_OTHERS] = ["reviews", "others"].map((name) => `${name}.kyc.svc.cluster.local:80`);
const KYC = gateway("kyc", ["*"]);

describe("hosts are matched as Istio matches them", () => {
  const at = (hosts: string[], http: object[] = [REVIEWS], name = "vs"): object =>
    virtualService(http, { hosts, gateways: ["kyc"] }, name);
  const wild = [KYC, at(["*.shop.example"])];

  test("a name beside the wildcard that covers it has no effect", () => {
    expect(told(wild, [KYC, at(["*.shop.example", "web.shop.example"])])).toEqual(["equal"]);
    expect(told(wild, [KYC, at(["*.shop.example", "*.eu.shop.example"])])).toEqual(["equal"]);
  });

  test("a name with its own rules hides the wildcard, even for requests that match none of them", () => {
    const never = { match: [{ uri: { exact: "/a" }, method: { exact: "GET" } }], ...REVIEWS };
    expect(told(wild, [...wild, at(["web.shop.example"], [never], "own")])).toEqual([
      "different",
      `web.shop.example | ${TO_REVIEWS} | 404 (no route)`,
    ]);
    expect(told(wild, [...wild, at(["web.shop.example"], [REVIEWS], "own")])).toEqual(["equal"]);
  });

  test("the longest wildcard applies", () => {
    const longer = at(["*.eu.shop.example"], [OTHERS], "longer");
    expect(told(wild, [...wild, longer])).toEqual([
      "different",
      `*.eu.shop.example | ${TO_REVIEWS} | ${TO_OTHERS}`,
    ]);
  });

  test("a wildcard and a name in it are compared if both sides have them, or only one", () => {
    expect(told(wild, [KYC, at(["web.shop.example"])])).toEqual([
      "different",
      `*.shop.example | ${TO_REVIEWS} | 404 (no route)`,
    ]);
    expect(told(wild, [KYC, at(["web.shop.example"])], "web.shop.example")).toEqual(["equal"]);
    expect(told(wild, wild, "any.shop.example")).toEqual(["equal"]);
  });

  test("if a Gateway narrows several wildcards to one host, the order of VirtualServices decides", () => {
    const narrow = gateway("kyc", ["www.shop.example"]);
    const rules = [at(["*"], [REVIEWS], "one"), at(["*.shop.example"], [OTHERS], "two")];
    expect(told([narrow, ...rules], [narrow, ...rules])).toEqual(["equal"]);
    const { verdict, doubts } = between([narrow, ...rules], [narrow, ...rules.slice(0, 1)]);
    expect([verdict, ...doubts.map(({ why }) => why)]).toEqual([
      "unknown",
      "the order of the rules for www.shop.example (VirtualService kyc/one and kyc/two) decides the outcome, and it is undefined",
    ]);
    // A Gateway for all hosts narrows none, and the more specific one applies.
    expect(told([KYC, ...rules], [KYC, ...rules.toReversed()])).toEqual(["equal"]);
  });

  test("a host of a single VirtualService is compared with the same host of a shared wildcard", () => {
    const shared = [KYC, at(["*.shop.example"], [REVIEWS], "one"), at(["*.shop.example"], [OTHERS], "two")];
    const own = at(["www.shop.example"], [REVIEWS, OTHERS], "own");
    expect(told(shared, [...shared, own])).toEqual(["unknown"]);
  });

  test("a host of one Gateway and of another at the same port is one host", () => {
    const too = { ...gateway("too", ["www.shop.example"]) };
    const through = (name: string, gateways: string[], http: object[]): object =>
      virtualService(http, { hosts: ["*.shop.example"], gateways }, name);
    const narrow = gateway("kyc", ["www.shop.example"]);
    const both = [narrow, too, through("one", ["kyc"], [REVIEWS]), through("two", ["too"], [OTHERS])];
    expect(told(both, both)).toEqual(["equal"]);
    expect(told(both, both.toReversed())).toEqual(["unknown"]);
  });

  test("rules that hold at one of two Gateways for a host have no defined order", () => {
    const too = gateway("too", ["www.shop.example"]);
    const narrow = gateway("kyc", ["www.shop.example"]);
    const only = { match: [{ uri: { prefix: "/" }, gateways: ["too"] }], ...OTHERS };
    const rules = virtualService([only, REVIEWS], { hosts: ["*"], gateways: ["kyc", "too"] });
    expect(told([narrow, too, rules], [narrow, too, rules])).toEqual(["equal"]);
    const plain = virtualService([REVIEWS], { hosts: ["*"], gateways: ["kyc", "too"] });
    expect(told([narrow, too, rules], [narrow, too, plain])).toEqual(["unknown"]);
    // The same number of matches at each of the Gateways, but different ones.
    const parted = (first: string, second: string): object => {
      const [a, b] = [
        { uri: { prefix: "/a" }, gateways: [first] },
        { uri: { prefix: "/a" }, method: { exact: "GET" }, gateways: [second] },
      ];
      const http = [{ match: [a, b], ...REVIEWS }, OTHERS];
      return virtualService(http, { hosts: ["*"], gateways: ["kyc", "too"] });
    };
    expect(told([narrow, too, parted("kyc", "too")], [narrow, too, parted("too", "kyc")])).toEqual([
      "unknown",
    ]);
  });

  test("a server is open to the VirtualServices of the namespace that its hosts name", () => {
    const both = (first: string, second: string): object[] => [
      gateway("kyc", [first, second]),
      at(["*.shop.example"]),
    ];
    expect(told(both("kyc/*.shop.example", "team/shop.example"), wild)).toEqual(["equal"]);
    expect(told(both("./*.shop.example", "team/shop.example"), wild)).toEqual(["equal"]);
    expect(told(both("team/*.shop.example", "kyc/web.shop.example"), wild)).toEqual([
      "different",
      `*.shop.example | 404 (no route) | ${TO_REVIEWS}`,
    ]);
  });

  test("a server redirects to HTTPS only for its own hosts, in any order of servers", () => {
    const port = (name: string): object => ({ number: 80, name, protocol: "HTTP" });
    const servers = [
      { port: port("one"), hosts: ["www.shop.example", "*.org.example"], tls: { httpsRedirect: true } },
      { port: port("two"), hosts: ["*"] },
    ];
    for (const list of [servers, servers.toReversed()]) {
      const own = {
        ...gateway("kyc", ["*"]),
        spec: { selector: { istio: "ingressgateway" }, servers: list },
      };
      expect(told([own, at(["*"])], [own, at(["*"], [OTHERS])])).toEqual([
        "different",
        `* | ${TO_REVIEWS} | ${TO_OTHERS}`,
      ]);
      for (const host of ["www.shop.example", "any.org.example"])
        expect(told([own, at([host])], [own, at([host], [OTHERS])])).toEqual(["equal"]);
    }
  });

  test("of two HTTPS servers with the same host, the one of the older Gateway applies", () => {
    const https = (name: string, hosts: string[]): object => ({
      ...gateway(name, ["*"]),
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [
          { port: { number: 443, name: "https", protocol: "HTTPS" }, hosts, tls: { mode: "SIMPLE" } },
        ],
      },
    });
    const rules = (gateways: string[]): object[] => [
      virtualService([REVIEWS], { hosts: ["a.shop.example"], gateways: gateways.slice(0, 1) }, "one"),
      virtualService([OTHERS], { hosts: ["b.shop.example"], gateways: gateways.slice(-1) }, "two"),
    ];
    const single = [https("kyc", ["*.shop.example"]), ...rules(["kyc"])];
    const several = [
      https("kyc", ["*.shop.example"]),
      https("too", ["*.shop.example"]),
      ...rules(["kyc", "too"]),
    ];
    expect(told(single, single)).toEqual(["equal"]);
    expect(told(several, several)).toEqual(["equal"]);
    expect(told(single, several)).toEqual(["unknown"]);
  });

  test("rules for a wildcard may mirror requests", () => {
    const copied = (host: string, name = "vs"): object =>
      at(["*.shop.example"], [{ ...REVIEWS, mirror: { host } }], name);
    expect(told([KYC, copied("others")], [KYC, copied("others.kyc.svc.cluster.local")])).toEqual(["equal"]);
    expect(told([KYC, copied("others")], [KYC, copied("ratings")])[0]).toBe("different");
    expect(told([KYC, copied("others")], wild)[0]).toBe("different");
  });

  test("letter case matters between a Gateway and a VirtualService, but not in a request", () => {
    expect(told(wild, [KYC, at(["*.SHOP.example"])])).toEqual(["equal"]);
    const [upper, lower] = [gateway("kyc", ["Web.shop.example"]), gateway("kyc", ["web.shop.example"])];
    const served = [lower, at(["web.shop.example"])];
    expect(told(served, [upper, at(["Web.shop.example"])])).toEqual(["equal"]);
    expect(told(served, [upper, at(["web.shop.example"])])[0]).toBe("different");
  });

  test("a wildcard may begin within a part of a name", () => {
    const dashed = [KYC, at(["*-web.shop.example"])];
    expect(told(dashed, [gateway("kyc", ["*.shop.example"]), at(["*-web.shop.example"])])).toEqual(["equal"]);
    expect(told(dashed, dashed, "a-web.shop.example")).toEqual(["equal"]);
    expect(told(dashed, [...dashed, at(["a-web.shop.example"], [OTHERS], "own")])).toEqual([
      "different",
      `a-web.shop.example | ${TO_REVIEWS} | ${TO_OTHERS}`,
    ]);
  });

  test("callers use the ports of a Service that is described", () => {
    const service = (ports: number[]): object => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "reviews", namespace: "kyc" },
      spec: { selector: { app: "reviews" }, ports: ports.map((port) => ({ port, name: `http-${port}` })) },
    });
    const ofPort = (...match: object[]): object =>
      virtualService([{ match, ...REVIEWS }], { hosts: ["reviews"] });
    const [at80, all] = [ofPort({ port: 80 }), ofPort({ uri: { prefix: "/" } })];
    expect(told([service([80]), at80], [service([80]), all])).toEqual(["equal"]);
    expect(told([at80], [all])[0]).toBe("different");
    const { verdict, differences } = between([service([80, 8080]), at80], [service([80, 8080]), all]);
    expect(verdict).toBe("different");
    expect(differences[0]?.request.attributes).toEqual([["port", "8080"]]);
  });

  test("a sidecar without rules for a Service sends requests to it", () => {
    const [to, away] = [REVIEWS, OTHERS].map((rule) => virtualService([rule], { hosts: ["reviews"] }));
    const beside = virtualService([REVIEWS], {}, "beside");
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "reviews", namespace: "kyc" },
      spec: { selector: { app: "reviews" }, ports: [{ port: 80, name: "http" }] },
    };
    expect(told([beside, service, to as object], [beside, service])).toEqual(["equal"]);
    expect(told([beside, service, away as object], [beside, service])[0]).toBe("different");
  });
});

describe("exportTo", () => {
  const exported = (http: object[], exportTo?: string[], name = "vs", gateways?: string[]): object =>
    virtualService(
      http,
      { hosts: ["shop.example"], ...(gateways && { gateways }), ...(exportTo && { exportTo }) },
      name,
    );

  test("of only one side is a difference for callers in other namespaces", () => {
    expect(told([exported([REVIEWS])], [exported([REVIEWS], ["."])])).toEqual([
      "different",
      `shop.example for any other namespace | ${TO_REVIEWS} | 404 (no route)`,
    ]);
    expect(told([exported([REVIEWS], ["."])], [exported([REVIEWS], ["kyc"])])).toEqual(["equal"]);
    expect(told([exported([REVIEWS], ["*"])], [exported([REVIEWS])])).toEqual(["equal"]);
    expect(told([exported([REVIEWS], ["."])], [exported([REVIEWS], ["other"])])).toHaveLength(3);
  });

  test("keeps a VirtualService from gateways of other namespaces", () => {
    const [all, own] = [undefined, ["."]].map((exportTo) => [
      KYC,
      exported([REVIEWS], exportTo, "vs", ["kyc"]),
    ]);
    const { verdict, differences, notes } = between(all as object[], own as object[]);
    expect([verdict, differences.map(({ listener }) => listener)]).toEqual(["different", ["ingress"]]);
    expect(notes).toContain("assumption: the pods of the ingress gateway are in the namespace istio-system");
  });

  test("gives each namespace rules of its own for one host", () => {
    const apart = [exported([REVIEWS], ["."], "one"), exported([OTHERS], ["other"], "two")];
    expect(told(apart, apart)).toEqual(["equal"]);
    expect(told(apart, [apart[0] as object, exported([REVIEWS], ["other"], "two")])).toEqual([
      "different",
      `shop.example for namespace other | ${TO_OTHERS} | ${TO_REVIEWS}`,
    ]);
  });
});

describe("a condition on the caller", () => {
  const only = (match: object, gateways: string[] = ["kyc"]): object[] => [
    KYC,
    virtualService([{ match: [match], ...OTHERS }, REVIEWS], { hosts: ["shop.example"], gateways }),
  ];
  const always = [KYC, virtualService([OTHERS], { hosts: ["shop.example"], gateways: ["kyc"] })];
  const never = [KYC, virtualService([REVIEWS], { hosts: ["shop.example"], gateways: ["kyc"] })];
  const NAMESPACE = "assumption: the pods of the ingress gateway are in the namespace istio-system";
  const LABELS =
    "assumption: the pods of a gateway have no labels beside those that its Gateway selects them by";

  test.each<[object, object[], string]>([
    [{ sourceNamespace: "shop" }, never, NAMESPACE],
    [{ sourceNamespace: "istio-system" }, always, NAMESPACE],
    [{ sourceLabels: { app: "front" } }, never, LABELS],
    [{ sourceLabels: { istio: "ingressgateway" } }, always, LABELS],
    [{ sourceLabels: { istio: "ingressgateway", version: "v1" } }, never, LABELS],
  ])("%j at a gateway concerns the gateway's own pods", (match, same, note) => {
    const { verdict, notes } = between(only(match), same);
    expect([verdict, notes]).toEqual(["equal", [note]]);
    expect(told(only(match), same === never ? always : never)[0]).toBe("different");
  });

  test("concerns the calling pod in sidecars", () => {
    const [some, none] = [only({ sourceLabels: { app: "front" } }, ["mesh"]), only({}, ["mesh"])];
    expect(told(some, none)[0]).toBe("different");
    expect(told(some, some)).toEqual(["equal"]);
  });

  test("is ignored in a match that names gateways", () => {
    expect(told(only({ gateways: ["kyc"], sourceNamespace: "shop" }), always)).toEqual(["equal"]);
  });

  test("is decided for callers with a known namespace", () => {
    const own = (http: object[]): object => virtualService(http, { hosts: ["a.example"], exportTo: ["."] });
    const [OWN, OTHER] = ["kyc", "shop"].map((sourceNamespace) =>
      own([{ match: [{ sourceNamespace }], ...OTHERS }, REVIEWS]),
    ) as [object, object];
    expect(told([OWN], [own([OTHERS])])).toEqual(["equal"]);
    expect(told([OTHER], [own([REVIEWS])])).toEqual(["equal"]);
  });
});
