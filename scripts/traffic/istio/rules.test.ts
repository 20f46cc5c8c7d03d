import { describe, expect, test } from "bun:test";
import { gatewayName } from "../../route-fields/match/compile.ts";
import { EVERY_REQUEST } from "../../route-fields/match/match.ts";
import {
  compiled,
  creditCheck,
  gateway,
  HALVES,
  planOf,
  request,
  rulesAt,
  sent,
  to,
  virtualService,
} from "../testing/sample-plans.ts";

const OWN = "own.kyc.svc.cluster.local";

describe("the rules of a VirtualService", () => {
  test("keep their order and their positions", () => {
    const service = virtualService([
      { match: [{ uri: { exact: "/a" } }], route: [to("basic")] },
      { match: [{ uri: { prefix: "/" } }], route: [to("advanced")] },
      { route: [to("basic")] },
    ]);
    const rules = rulesAt(planOf(...creditCheck(HALVES), service), "mesh", OWN);
    expect(rules.map(({ at }) => `${at.file}:${at.line}:${at.column}`)).toEqual([
      "3.yaml:10:7",
      "3.yaml:18:7",
      "3.yaml:26:7",
    ]);
    expect(rules.map(({ matches }) => matches.length)).toEqual([1, 1, 0]);
  });

  test("keep each match as written, with header names in lower case", () => {
    const match = [
      { uri: { prefix: "/a" }, method: { exact: "GET" }, authority: { regex: "a.*" } },
      { headers: { "End-User": { exact: "Basic" }, "x-b": { prefix: "B" } } },
    ];
    const [rule] = rulesAt(
      planOf(...creditCheck(HALVES), virtualService([{ match, route: [to("basic")] }])),
      "mesh",
      OWN,
    );
    expect(rule?.matches).toEqual([
      {
        ...EVERY_REQUEST,
        uri: { kind: "prefix", value: "/a" },
        method: { kind: "exact", value: "GET" },
        authority: { kind: "regex", value: "a.*" },
      },
      {
        ...EVERY_REQUEST,
        headers: [
          ["end-user", { kind: "exact", value: "Basic" }],
          ["x-b", { kind: "prefix", value: "B" }],
        ],
      },
    ]);
  });

  test("apply in sidecars to the short names of a Service too, and at a gateway only to the full one", () => {
    const service = virtualService([{ route: [to("basic")] }], {
      hosts: ["own"],
      gateways: ["mesh", "knative-serving/knative-local-gateway"],
    });
    const plan = planOf(...creditCheck(HALVES), service);
    for (const host of [OWN, "own.kyc.svc", "own.kyc"]) {
      expect(rulesAt(plan, "mesh", host)).toHaveLength(1);
      expect(rulesAt(plan, "local-gateway", host)).toHaveLength(host === OWN ? 1 : 0);
    }
    expect(rulesAt(plan, "ingress", OWN)).toEqual([]);
  });
});

describe("a match that names gateways", () => {
  const service = virtualService(
    [
      { match: [{ gateways: ["mesh"], uri: { exact: "/" } }], route: [to("basic")] },
      {
        match: [{ gateways: ["kyc"] }, { gateways: ["mesh", "./kyc"], uri: { exact: "/both" } }],
        route: [to("advanced")],
      },
    ],
    { hosts: ["a.example"], gateways: ["mesh", "kyc"] },
  );
  const plan = planOf(...creditCheck(HALVES), gateway("kyc", ["*"]), service);

  test.each([
    ["mesh", "/", "kyc/credit-check-basic"],
    ["mesh", "/both", "kyc/credit-check-advanced"],
    ["mesh", "/other", undefined],
    ["ingress", "/", "kyc/credit-check-advanced"],
    ["ingress", "/other", "kyc/credit-check-advanced"],
  ] as const)("applies only there: %s %s goes to %p", (listener, path, expected) => {
    const end = sent(plan, listener, request("a.example", path));
    expect(end.kind === "revision" ? end.revision : undefined).toBe(expected as string);
  });

  test("removes its rule if no match is for the gateway", () => {
    expect(rulesAt(plan, "mesh", "a.example")).toHaveLength(2);
    expect(rulesAt(plan, "ingress", "a.example")).toHaveLength(1);
    const paths = rulesAt(plan, "mesh", "a.example").map(({ matches }) =>
      matches.map(({ uri }) => uri?.value),
    );
    expect(paths).toEqual([["/"], ["/both"]]);
  });

  test("must name one of the VirtualService's", () => {
    const match = [{ gateways: ["mesh", "kcy"] }];
    const rules = [{ match, route: [to("basic")] }];
    const wrong = virtualService(rules, { hosts: ["a.example"], gateways: ["kyc", "mesh"] });
    expect(compiled(...creditCheck(HALVES), gateway("kyc", ["*"]), wrong).problems).toEqual([
      "4.yaml:16:15: error: spec.http[0].match[0].gateways[1]: kyc/kcy is not among this VirtualService's gateways; did you mean kyc/kyc?",
    ]);
  });
});

describe("a mistake in a rule is reported:", () => {
  test.each<[string, object[], string]>([
    [
      "rules after one without a match",
      [{ route: [to("basic")] }, { match: [{ uri: { exact: "/" } }], route: [to("basic")] }],
      "15:7: error: spec.http[1]: unreachable: http[0] has no match and takes all requests; move the rule without a match to the end",
    ],
    [
      "an expression with a look-ahead",
      [{ match: [{ uri: { regex: "/a(?=b)" } }], route: [to("basic")] }],
      "12:20: error: spec.http[0].match[0].uri.regex: this is not a regular expression in RE2 syntax: error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
    ],
    [
      "an expression with a back-reference",
      [{ match: [{ headers: { a: { regex: "(a)\\1" } } }], route: [to("basic")] }],
      "13:22: error: spec.http[0].match[0].headers.a.regex: this is not a regular expression in RE2 syntax: error parsing regexp: invalid escape sequence: `\\1`",
    ],
    [
      "an expression that is a single star",
      [{ match: [{ method: { regex: "*" } }], route: [to("basic")] }],
      "12:20: error: spec.http[0].match[0].method.regex: this is not a regular expression in RE2 syntax: error parsing regexp: missing argument to repetition operator: `*`",
    ],
  ])("%s", (_, http, expected) => {
    expect(compiled(...creditCheck(HALVES), virtualService(http)).problems).toEqual([`3.yaml:${expected}`]);
  });
});

test.each([
  ["mesh", "mesh"],
  ["kyc", "kyc/kyc"],
  ["./kyc", "kyc/kyc"],
  ["other/kyc", "other/kyc"],
  ["kyc.other.svc.cluster.local", "other/kyc"],
  ["kyc.other", "other/kyc"],
])("a gateway %s of the namespace kyc is %s", (name, expected) => {
  expect(gatewayName(name, "kyc")).toBe(expected);
});

describe("a match of a VirtualService", () => {
  const OWN_HOST = "own.kyc.svc.cluster.local";
  const matchesOf = (match: object): unknown => {
    const plan = planOf(...creditCheck(HALVES), virtualService([{ match: [match], route: [to("basic")] }]));
    return rulesAt(plan, "mesh", OWN_HOST)[0]?.matches[0];
  };
  const present = { kind: "present" };

  test.each<[object, object]>([
    [{ headers: { "X-A": {} } }, { headers: [["x-a", present]] }],
    [{ withoutHeaders: { "X-A": {} } }, { withoutHeaders: [["x-a", present]] }],
    // Istio treats this as presence, although it is not a regular expression. (route.go,
    // canBeConvertedToPresentMatch)
    [{ withoutHeaders: { a: { regex: "*" } } }, { withoutHeaders: [["a", present]] }],
    [{ withoutHeaders: { a: { prefix: "b" } } }, { withoutHeaders: [["a", { kind: "prefix", value: "b" }]] }],
    [
      { queryParams: { Q: { exact: "" }, r: {} } },
      {
        queryParams: [
          ["Q", { kind: "exact", value: "" }],
          ["r", present],
        ],
      },
    ],
    [
      { uri: { prefix: "" }, ignoreUriCase: true },
      { uri: { kind: "prefix", value: "" }, ignoreUriCase: true },
    ],
  ])("%j is %j", (match, expected) => {
    expect(matchesOf(match)).toEqual({ ...EVERY_REQUEST, ...expected });
  });

  test.each([
    [{ queryParams: { q: { regex: "*" } } }, "queryParams.q.regex"],
    [{ headers: { a: { regex: "*" } } }, "headers.a.regex"],
    [{ withoutHeaders: { a: { regex: "(" } } }, "withoutHeaders.a.regex"],
  ])("%j is not a regular expression", (match, field) => {
    const { problems } = compiled(
      ...creditCheck(HALVES),
      virtualService([{ match: [match], route: [to("basic")] }]),
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(
      `spec.http[0].match[0].${field}: this is not a regular expression in RE2 syntax`,
    );
  });
});
