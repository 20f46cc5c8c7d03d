import { describe, expect, test } from "bun:test";
import { formatProblem } from "../../manifests/problem.ts";
import { parseDocuments } from "../../manifests/document.ts";
import { creditCheck, gateway, HALVES, knativeService, to, virtualService } from "../testing/sample-plans.ts";
import { compareViews } from "./views.ts";
import { entriesOf } from "./entries.ts";
import { prepare } from "./prepare.ts";

const documents = (file: string, ...objects: object[]) =>
  objects.flatMap((object) => parseDocuments(file, JSON.stringify(object)).documents);

function prepared(a: object[], b: object[], around: object[] = []) {
  const sides = [
    { name: "a", documents: documents("a.yaml", ...a) },
    { name: "b", documents: documents("b.yaml", ...b) },
  ] as const;
  const ready = prepare(sides, documents("around.yaml", ...around), "example.com");
  const entries = entriesOf(ready.a, ready.b);
  const result = compareViews(ready.views, entries, {
    revisionHeader: undefined,
    notes: ready.notes,
    doubts: ready.doubts,
  });
  return { ...ready, result, errors: ready.errors.map(formatProblem) };
}

const knative = { "Knative-Serving-Namespace": "kyc", "Knative-Serving-Revision": "credit-check-basic" };
const half = (revision: string) =>
  to(revision, {
    weight: 50,
    headers: { request: { set: { ...knative, "Knative-Serving-Revision": `credit-check-${revision}` } } },
  });
const split = virtualService([{ retries: { attempts: 0 }, route: [half("basic"), half("advanced")] }]);
const elsewhere = (host: string) =>
  virtualService([{ retries: { attempts: 0 }, route: [{ destination: { host } }] }]);

const policy = (name: string, more: object = {}) => ({
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name, namespace: "kyc" },
  spec: more,
});

describe("a side that only refers to a Knative Service", () => {
  test("takes it from the other side, so that the two hosts are compared", () => {
    const { result, notes } = prepared(creditCheck(HALVES), [split]);
    expect(notes).toEqual(["b only refers to Knative Service kyc/credit-check, which is taken from a.yaml"]);
    expect([result.verdict, result.compared.map(({ hosts }) => hosts)]).toEqual([
      "equal",
      [["credit-check.kyc.svc.cluster.local", "own.kyc.svc.cluster.local"]],
    ]);
  });

  test("takes it from the further documents if neither side describes it", () => {
    const { result, notes } = prepared([split], [split], creditCheck(HALVES));
    expect(result.verdict).toBe("equal");
    expect(notes).toEqual([
      "a only refers to Knative Service kyc/credit-check, which is taken from around.yaml",
      "b only refers to Knative Service kyc/credit-check, which is taken from around.yaml",
    ]);
  });

  test("may be one state of it, which names a revision of another state", () => {
    const [, second] = creditCheck(HALVES) as [object, object];
    expect(prepared([second], [split]).result.verdict).toBe("equal");
  });
});

describe("empty values that Istio accepts", () => {
  const rule = { retries: { attempts: 0 }, route: [{ destination: { host: "reviews" } }] };
  const other = { ...rule, route: [{ destination: { host: "others" } }] };
  const verdict = (a: object[], b: object[]): string => {
    const { result, errors } = prepared(a, b);
    expect(errors).toEqual([]);
    return result.verdict;
  };
  const matched = (match: object[]): object[] => [virtualService([{ ...rule, match }, other])];

  test.each<object>([
    { uri: {} },
    { method: {} },
    { authority: {} },
    { scheme: {} },
    { gateways: [] },
    { port: 0 },
    { sourceLabels: {}, sourceNamespace: "" },
  ])("the condition %j has no effect", (match) => {
    expect(verdict(matched([match]), [virtualService([rule])])).toBe("equal");
    expect(verdict(matched([match]), [virtualService([other])])).toBe("different");
  });

  test("an empty list of matches has no effect, and an empty list of gateways means sidecars", () => {
    expect(verdict(matched([]), [virtualService([rule])])).toBe("equal");
    expect(verdict([virtualService([rule], { gateways: [] })], [virtualService([rule])])).toBe("equal");
    expect(verdict([virtualService([rule], { exportTo: [] })], [virtualService([rule])])).toBe("equal");
  });

  test.each<object>([{ delay: { percentage: { value: 100 } } }, { abort: { percentage: { value: 100 } } }])(
    "the fault %j has no effect",
    (fault) =>
      expect(verdict([virtualService([{ ...rule, fault }])], [virtualService([rule])])).toBe("equal"),
  );

  test("a Gateway without selector applies to each gateway, and one for other pods is a separate place", () => {
    const of = (selector?: object): object[] => {
      const { spec, ...open } = gateway("kyc", ["*"]) as { spec: object };
      return [
        { ...open, spec: { ...spec, selector } },
        virtualService([rule], { hosts: ["a.example"], gateways: ["kyc"] }),
      ];
    };
    expect(verdict(of(), of({}))).toBe("equal");
    expect(verdict(of(), of({ istio: "ingressgateway" }))).toBe("unknown");
    expect(verdict(of({ app: "edge" }), of({ app: "edge" }))).toBe("equal");
    expect(verdict(of({ app: "edge" }), of({ app: "other" }))).not.toBe("equal");
  });
});

describe("hosts that neither side describes", () => {
  test("is the same place under the same name, and possibly the same under another name", () => {
    expect(
      prepared([elsewhere("reviews.shop.example.com")], [elsewhere("reviews.shop.example.com")]).result
        .verdict,
    ).toBe("equal");
    const { result } = prepared([split], [elsewhere("mystery")]);
    expect([result.verdict, result.doubts[0]?.why]).toEqual([
      "unknown",
      "the files do not describe mystery.kyc.svc.cluster.local (its only port)",
    ]);
  });

  test("is a difference if both sides name their places differently", () => {
    expect(
      prepared([elsewhere("v1.shop.example.com")], [elsewhere("v2.shop.example.com")]).result.verdict,
    ).toBe("different");
  });

  test("is a Gateway that is assumed to be open", () => {
    const atGateway = {
      ...split,
      spec: { hosts: ["a.example.com"], gateways: ["shop/door"], http: [{ route: [half("basic")] }] },
    };
    const { result, notes } = prepared([atGateway], [atGateway]);
    expect(result.verdict).toBe("equal");
    expect(notes).toContain(
      "Gateway shop/door is not in the files; it is assumed to be open for every host and port",
    );
  });
});

describe("an object that no route table shows", () => {
  test("leaves a doubt if only one side has it or the sides differ", () => {
    expect(prepared([split, policy("x")], [split]).doubts).toEqual([
      "AuthorizationPolicy kyc/x is only in a, and its effect on requests is not compared",
    ]);
    expect(prepared([split, policy("x")], [split, policy("x", { action: "DENY" })]).result).toMatchObject({
      verdict: "unknown",
      unread: [
        "AuthorizationPolicy kyc/x is not the same on both sides, and its effect on requests is not compared",
      ],
    });
    expect(
      prepared(
        [split, policy("x", { action: "DENY", rules: [] })],
        [split, policy("x", { rules: [], action: "DENY" })],
      ).doubts,
    ).toEqual([]);
  });

  test("leaves a doubt if a rule has an unread field", () => {
    const delegating = virtualService([{ delegate: { name: "other" } }]);
    const plain = virtualService([{ route: [half("basic")] }]);
    const [doubt, ...others] = prepared([plain], [delegating], []).doubts;
    expect(others).toEqual([]);
    expect(doubt).toMatch(/^b\.yaml:1: spec\.http\[0\]\.delegate: the VirtualService kyc\/other /);
  });

  test("leaves no doubt if the field and its context are the same", () => {
    const delegating = (...more: object[]) => virtualService([{ delegate: { name: "other" } }, ...more]);
    expect(prepared([delegating()], [delegating()]).doubts).toEqual([]);
    expect(prepared([delegating()], [delegating({ route: [half("advanced")] })]).doubts).toHaveLength(2);
  });

  test("is ignored if it has no effect on routes", () => {
    const map = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "x" } };
    expect(prepared([split, map], [split]).result).toMatchObject({ verdict: "equal", unread: [] });
  });

  test("includes the configuration of Knative and Istio, except its example, and no other ConfigMap", () => {
    const config = (name: string, data: Record<string, string>): object => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "knative-serving" },
      data,
    });
    const verdict = (name: string, data: Record<string, string>): string =>
      prepared([split, config(name, { a: "b", _example: "c" })], [split, config(name, data)]).result.verdict;
    expect(verdict("config-network", { a: "b" })).toBe("equal");
    expect(verdict("config-network", { a: "other" })).toBe("unknown");
    expect(verdict("istio", { a: "other" })).toBe("unknown");
    expect(verdict("config-logging", { a: "other" })).toBe("equal");
  });

  test("includes a Service that only one side has, unless the other names it", () => {
    const service = (more: object = {}): object => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "reviews", namespace: "kyc" },
      spec: { selector: { app: "reviews" }, ports: [{ port: 80, name: "http" }] },
      ...more,
    });
    const verdict = (a: object[], b: object[]): string => prepared(a, b).result.verdict;
    expect(verdict([split, service()], [split, service()])).toBe("equal");
    const moved = service({ metadata: { name: "reviews", namespace: "other" } });
    expect(verdict([split, service()], [split, moved])).toBe("unknown");
    // An object that is not a Service is compared as written.
    for (const change of [{ metadata: {} }, { apiVersion: "v1x" }, { spec: { ports: [{ name: "http" }] } }])
      expect(verdict([split, service()], [split, service(change)])).toBe("unknown");
    const rule = virtualService([{ route: [{ destination: { host: "reviews" } }] }], {
      hosts: ["own.example"],
    });
    expect(verdict([rule, service()], [rule])).toBe("equal");
  });

  test("includes a Service without a selector, whose pods a subset's labels do not fully determine", () => {
    const service = (spec: object): object => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "reviews", namespace: "kyc" },
      spec: { ports: [{ port: 80, name: "http" }], ...spec },
    });
    const subset = {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "reviews", namespace: "kyc" },
      spec: { host: "reviews", subsets: [{ name: "v1", labels: { app: "reviews" } }] },
    };
    const rule = virtualService([{ route: [{ destination: { host: "reviews", subset: "v1" } }] }]);
    const own = [rule, subset, service({ selector: { app: "reviews" } })];
    expect(prepared(own, own).result.verdict).toBe("equal");
    expect(prepared(own, [rule, subset, service({})]).result.verdict).toBe("different");
  });

  test("includes the selector of a host that Knative's gateway serves", () => {
    const service = (pods: string): object => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "knative-local-gateway", namespace: "istio-system" },
      spec: { selector: { istio: pods }, ports: [{ port: 80, name: "http2", targetPort: 8081 }] },
    });
    const own = service("ingressgateway");
    expect(prepared([split, own], [split, own]).result.verdict).toBe("equal");
    const { verdict, doubts } = prepared([split, own], [split, service("other")]).result;
    expect(verdict).toBe("unknown");
    expect(doubts[0]?.why).toStartWith("Service spec.selector (");
  });

  test("includes a DestinationRule for all hosts of a wildcard", () => {
    const rule = (mode: string): object => ({
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "all", namespace: "istio-system" },
      spec: { host: "*.local", trafficPolicy: { tls: { mode } } },
    });
    expect(prepared([rule("DISABLE")], [rule("DISABLE")]).result.verdict).toBe("equal");
    expect(prepared([rule("DISABLE")], [rule("ISTIO_MUTUAL")]).result.verdict).toBe("unknown");
  });
});

test("invalid input is reported with its position", () => {
  const short = knativeService("credit-check", {
    revision: "credit-check-basic",
    traffic: [{ revisionName: "credit-check-basic", percent: 90 }],
  });
  expect(prepared([short], [split]).errors).toEqual([
    expect.stringMatching(/^a\.yaml:1:\d+: error: spec\.traffic: the percents sum to 90, and 100 are needed/),
  ]);
});

describe("a feature that Istio accepts and the route table does not show", () => {
  const https = (port: number) => gateway("kyc", ["*"], port);
  const atGateway = virtualService([{ route: [half("basic")] }], { hosts: ["a.example"], gateways: ["kyc"] });

  test("is distinguished by port: one side serves at 8080, the other only at 8081", () => {
    expect(prepared([https(8080), atGateway], [https(8080), atGateway]).result.verdict).toBe("equal");
    const { result } = prepared([https(8080), atGateway], [https(8081), atGateway]);
    expect([result.verdict, result.differences.map(({ listener }) => listener)]).toEqual([
      "different",
      ["gateway istio=ingressgateway port 8080", "gateway istio=ingressgateway port 8081"],
    ]);
    expect(result.unread).toContain("a.yaml:1: this server of a Gateway is not the same on both sides");
  });

  test("may be a form that the local mesh does not support", () => {
    const tls = (credentialName: string) => ({
      ...https(443),
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [
          {
            port: { number: 443, name: "https", protocol: "HTTPS" },
            tls: { mode: "SIMPLE", credentialName },
            hosts: ["*"],
          },
        ],
      },
    });
    expect(prepared([tls("a"), atGateway], [tls("a"), atGateway]).result.verdict).toBe("equal");
    expect(prepared([tls("a"), atGateway], [tls("b"), atGateway]).result.verdict).toBe("unknown");
  });

  test("is a Gateway that only one side refers to", () => {
    const [a, b] = ["shop/door", "shop/gate"].map((name) =>
      virtualService([{ route: [half("basic")] }], { hosts: ["a.example"], gateways: [name] }),
    ) as [object, object];
    expect(prepared([a], [a]).result.verdict).toBe("equal");
    expect(prepared([a], [b]).result).toMatchObject({
      verdict: "unknown",
      unread: [
        "Gateway shop/door, which only a refers to, is not in the files",
        "Gateway shop/gate, which only b refers to, is not in the files",
      ],
    });
  });
});

describe("a Gateway that only one side refers to and nothing describes", () => {
  test("leaves a difference at its port open, and no other", () => {
    const rules = (gateways: string[], name = "own", revision = "basic"): object =>
      virtualService([{ route: [half(revision)] }], { hosts: ["a.example"], gateways }, name);
    const known = gateway("door", ["*"]);
    const [a, typo] = [
      [known, rules(["door"])],
      [known, rules(["dor"])],
    ];
    expect(prepared(a, typo).result.verdict).toBe("unknown");
    expect(prepared([rules(["gone"])], [rules(["gone"], "own", "advanced")]).result.verdict).toBe(
      "different",
    );
    const mesh = (revision: string): object => rules(["mesh"], "second", revision);
    expect(prepared([...a, mesh("basic")], [...typo, mesh("advanced")]).result.verdict).toBe("different");
  });
});

describe("a Gateway in another namespace", () => {
  test("is not the one that the rules name, which nothing describes then", () => {
    const at = (namespace: string): object => {
      const { metadata, ...door } = gateway("door", ["*"]) as { metadata: object };
      return { ...door, metadata: { ...metadata, namespace } };
    };
    const rules = virtualService([{ route: [half("basic")] }], {
      hosts: ["a.example"],
      gateways: ["edge/door"],
    });
    expect(prepared([at("edge"), rules], [at("edge"), rules]).result.verdict).toBe("equal");
    expect(prepared([at("edge"), rules], [rules]).result.verdict).toBe("equal");
    expect(prepared([at("edge"), rules], [at("other"), rules]).result.verdict).toBe("unknown");
  });
});

describe("a comparison that takes too long", () => {
  const names = Array.from({ length: 12 }, (_, i) => `h-${i}`);
  const many = (last: string) =>
    virtualService([
      ...names.map((name) => ({
        match: [{ headers: { [name]: { exact: "1" }, [`${name}-b`]: { exact: "2" } } }],
        route: [{ destination: { host: `${name}.example` } }],
      })),
      { route: [{ destination: { host: last } }] },
    ]);

  test("is undecided, and names the parts that rules match on", () => {
    const sides = [
      { name: "a", documents: documents("a.yaml", many("x.example")) },
      { name: "b", documents: documents("b.yaml", many("x.example"), policy("x")) },
    ] as const;
    const ready = prepare(sides, [], "example.com");
    let asked = 0;
    const progress: number[] = [];
    const result = compareViews(ready.views, entriesOf(ready.a, ready.b), {
      revisionHeader: undefined,
      isTimeUp: () => ++asked > 3,
      onProgress: ({ cells }) => progress.push(cells),
    });
    expect(result.verdict).toBe("unknown");
    expect(result.doubts.map(({ why }) => why)).toEqual([
      expect.stringMatching(
        /^the time is up after [0-9]+ kinds of requests; rules ask for header h-0, header h-0-b, /,
      ),
    ]);
    expect(progress.length).toBeGreaterThan(0);
  });
});
