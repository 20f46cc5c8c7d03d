import { describe, expect, test } from "bun:test";
import { CLUSTER_LOCAL, creditCheck, gateway, HALVES, to, virtualService } from "../testing/sample-plans.ts";
import { compare } from "./compare.ts";
import type { Comparison } from "./comparison.ts";
import { entriesOf, namedEntries } from "./entries.ts";
import { type RuleOf, side } from "./testing/sample-manifests.ts";

const AROUND = creditCheck(HALVES, CLUSTER_LOCAL);
const ENDS = [{ route: [to("basic")] }];

function between(a: RuleOf[], b: RuleOf[], spec: { hosts?: string[]; gateways?: string[] } = {}): Comparison {
  const [ofA, ofB] = [a, b].map((http) => side(...AROUND, gateway("kyc", ["*"]), virtualService(http, spec)));
  if (ofA === undefined || ofB === undefined) throw new Error("two sides are needed");
  return compare(ofA, ofB, entriesOf(ofA, ofB), { revisionHeader: "x-kyc-revision" });
}

/** Returns the request that shows the first difference, in short. */
function shown({ differences }: Comparison): string {
  const [first] = differences;
  if (first === undefined) return "no difference";
  const { method, path, query, headers } = first.request;
  const parts = [
    ...query.map(([name, value]) => `${name}=${value}`),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return [method, path, ...parts].join(" ");
}

const when = (match: object, rule: RuleOf): RuleOf => ({ match: [match], ...rule });
const advanced = { route: [to("advanced")] };

describe("a difference", () => {
  test.each([
    ["an exact path", when({ uri: { exact: "/a" } }, advanced), "GET /a"],
    ["a prefix", when({ uri: { prefix: "/a/b" } }, advanced), "GET /a/b"],
    ["a regular expression", when({ uri: { regex: "/v[0-9]{2}/.+" } }, advanced), "GET /v00/x"],
    ["a path in any case", when({ uri: { exact: "/A" }, ignoreUriCase: true }, advanced), "GET /a"],
    ["a method", when({ method: { exact: "DELETE" } }, advanced), "DELETE /"],
    ["a header", when({ headers: { "end-user": { exact: "x" } } }, advanced), "GET / end-user: x"],
    ["a header of any value", when({ headers: { "end-user": {} } }, advanced), "GET / end-user: x"],
    ["a header that is not there", when({ withoutHeaders: { "end-user": {} } }, advanced), "GET /"],
    ["a parameter", when({ queryParams: { q: { prefix: "ab" } } }, advanced), "GET / q=ab"],
    [
      "several at once",
      when(
        { uri: { prefix: "/a" }, headers: { b: { exact: "1" } }, queryParams: { c: { exact: "2" } } },
        advanced,
      ),
      "GET /a c=2 b: 1",
    ],
  ])("is shown by the simplest request: %s", (_, rule, expected) => {
    expect(shown(between(ENDS, [rule, ...ENDS]))).toBe(expected);
  });

  test("reports the destinations of the request, with exact shares", () => {
    const third = [{ route: [to("basic", { weight: 1 }), to("advanced", { weight: 2 })] }];
    const { differences } = between(ENDS, third);
    expect(differences[0]?.sides.map((side) => side.map(({ share, place }) => `${share} ${place}`))).toEqual(
      [["100 % kyc/credit-check-basic"], ["1/3 kyc/credit-check-basic", "2/3 kyc/credit-check-advanced"]].map(
        (side) => side.map((end) => expect.stringContaining(end)),
      ),
    );
  });

  test("is a host that only one side has", () => {
    const [a, b] = [side(...AROUND, virtualService(ENDS)), side(...AROUND)];
    const { verdict, differences } = compare(a, b, entriesOf(a, b), { revisionHeader: undefined });
    expect(verdict).toBe("different");
    expect(differences.map(({ hosts, listener, sides }) => [hosts[0], listener, sides[1][0]?.place])).toEqual(
      ["own.kyc.svc.cluster.local", "own.kyc.svc", "own.kyc"].map((host) => [host, "mesh", "404 (no route)"]),
    );
  });

  test("is found at the host *, and at *.example.com", () => {
    const rule = when({ uri: { exact: "/a" } }, advanced);
    for (const [host, example] of [
      ["*", "any.example"],
      ["*.example.org", "any.example.org"],
    ] as const) {
      const { differences } = between(ENDS, [rule, ...ENDS], { hosts: [host], gateways: ["kyc"] });
      expect(differences.map(({ listener, request }) => [listener, request.path, request.hosts[0]])).toEqual([
        ["ingress", "/a", example],
      ]);
    }
  });

  test("is found by the authority, its port and its letter case", () => {
    const spec = { hosts: ["*.example.org"], gateways: ["kyc"] };
    const rule = when({ authority: { regex: "[A-Z]\\.example\\.org:9090" } }, advanced);
    const { differences } = between(ENDS, [rule, ...ENDS], spec);
    expect(differences[0]?.request.hosts[0]).toMatch(/^[A-Z]\.example\.org:9090$/);
  });

  test("is a revision without the headers that the activator needs", () => {
    const set = { "Knative-Serving-Namespace": "kyc", "Knative-Serving-Revision": "credit-check-basic" };
    const known = [{ route: [to("basic", { headers: { request: { set } } })] }];
    const { verdict, differences } = between(ENDS, known);
    expect(verdict).toBe("different");
    expect(differences[0]?.sides[0][0]?.place).toBe(
      "kyc/credit-check-basic (through the activator 404, without Knative-Serving headers)",
    );
  });

  test("is a revision with the same name and another program", () => {
    const [first, second] = creditCheck(HALVES) as [object, object];
    const other = JSON.parse(
      JSON.stringify(second).replace("dev.local/kyc/credit-check", "dev.local/kyc/other"),
    ) as object;
    const [a, b] = [side(first, second), side(first, other)];
    const { verdict, revisions } = compare(a, b, entriesOf(a, b), { revisionHeader: undefined });
    expect([verdict, revisions]).toEqual([
      "different",
      [
        "revision kyc/credit-check-advanced is not the same program: spec.template.spec.containers[0].image differs",
      ],
    ]);
  });
});

describe("two descriptions are equal", () => {
  test.each([
    [
      "the order of rules that no request can match both",
      [when({ uri: { exact: "/a" } }, advanced), when({ uri: { prefix: "/b" } }, advanced), ...ENDS],
      [when({ uri: { prefix: "/b" } }, advanced), when({ uri: { exact: "/a" } }, advanced), ...ENDS],
    ],
    ["a rule that comes too late", ENDS, [...ENDS, when({ uri: { exact: "/a" } }, advanced)]],
    [
      "a regular expression in place of two prefixes",
      [when({ uri: { regex: "/(a|b)/.*" } }, advanced), ...ENDS],
      [{ match: [{ uri: { prefix: "/a/" } }, { uri: { prefix: "/b/" } }], ...advanced }, ...ENDS],
    ],
    [
      "weights with another sum",
      [{ route: [to("basic", { weight: 1 }), to("advanced", { weight: 3 })] }],
      [{ route: [to("advanced", { weight: 75 }), to("basic", { weight: 25 })] }],
    ],
    [
      "a header that is set to its own value",
      [when({ headers: { h: { exact: "1" } } }, advanced), ...ENDS],
      [
        when(
          { headers: { h: { exact: "1" } } },
          { route: [to("advanced", { headers: { request: { set: { h: "1" } } } })] },
        ),
        ...ENDS,
      ],
    ],
    ["a path that is rewritten to itself", ENDS, [{ rewrite: { uri: "/" }, route: [to("basic")] }]],
    [
      "the revision's own header",
      ENDS,
      [
        {
          route: [
            to("basic", { headers: { response: { set: { "x-kyc-revision": "credit-check-basic" } } } }),
          ],
        },
      ],
    ],
  ])("whatever %s", (_, a, b) => {
    expect(between(a, b)).toMatchObject({ verdict: "equal", differences: [], doubts: [] });
  });

  test("if they differ only in requests that the activator never gets", () => {
    const { verdict, notes } = between(ENDS, [
      {
        route: [to("basic", { headers: { response: { set: { "x-kyc-revision": "credit-check-basic" } } } })],
      },
    ]);
    expect([verdict, notes]).toEqual([
      "equal",
      ["assumption: each revision answers with x-kyc-revision: its own name (--revision-header)"],
    ]);
  });
});

describe("nothing is reported as equal", () => {
  test("if a regular expression needs too many states", () => {
    const wild = when({ uri: { regex: "/(a|b)*a(a|b){40}" } }, advanced);
    const other = when({ uri: { regex: "/(a|b)*b(a|b){40}" } }, advanced);
    const { verdict, doubts } = between([wild, ...ENDS], [other, ...ENDS]);
    expect(verdict).toBe("unknown");
    expect(doubts[0]?.why).toContain("needs more than");
  });

  test("if a rule matches a path that a regular expression rewrote", () => {
    const gatewayOnward = {
      rewrite: { uriRegexRewrite: { match: "/a", rewrite: "/b" } },
      route: [{ destination: { host: "knative-local-gateway.istio-system.svc.cluster.local" } }],
    };
    const spec = {
      hosts: ["own.kyc.svc.cluster.local"],
      gateways: ["mesh", "knative-serving/knative-local-gateway"],
    };
    const rules = [when({ uri: { prefix: "/a" } }, gatewayOnward), ...ENDS];
    const { verdict, doubts } = between(
      rules,
      [...rules.slice(0, 1), when({ uri: { exact: "/b" } }, advanced), ...ENDS],
      spec,
    );
    expect([verdict, doubts.map(({ why }) => why)]).toEqual([
      "different",
      ["a rule asks about a path that a regular expression has rewritten"],
    ]);
  });

  test("if a table has a property that is not compared", () => {
    const known = side(...AROUND, virtualService(ENDS));
    const rules = known.plan.table.listeners.mesh.exact.get("own.kyc");
    Object.assign(rules?.[0]?.action ?? {}, { sampling: 3 });
    const { verdict, doubts } = compare(known, known, entriesOf(known, known), { revisionHeader: undefined });
    expect([verdict, doubts[0]?.why]).toEqual([
      "unknown",
      "sampling of a forward at 3.yaml:1 is not compared yet",
    ]);
    const filtered = side(...AROUND);
    const table = { ...filtered.plan.table, revisionFilters: new Map([["kyc/credit-check-basic", {}]]) };
    const odd = {
      ...filtered,
      plan: { ...filtered.plan, table: table as unknown as typeof filtered.plan.table },
    };
    expect(compare(odd, odd, entriesOf(odd, odd), { revisionHeader: undefined })).toMatchObject({
      verdict: "unknown",
      unread: [
        "revisionFilters of the routes are not compared",
        "revisionFilters of the routes are not compared",
      ],
    });
  });

  test("if the routes have cycles of weighted choices", () => {
    const local = "knative-local-gateway.istio-system.svc.cluster.local";
    const round = [{ route: [1, 2, 3, 4].map((weight) => ({ weight, destination: { host: local } })) }];
    const spec = {
      hosts: ["own.kyc.svc.cluster.local"],
      gateways: ["knative-serving/knative-local-gateway"],
    };
    expect(between(round, round, spec)).toMatchObject({
      verdict: "unknown",
      doubts: [{ why: "one request has more than 5000 possible outcomes" }],
    });
  });
});

describe("hosts", () => {
  test("of one service are compared in pairs, including those of the tags, and the others are reported", () => {
    const a = side(...AROUND);
    const own = [{ route: [to("basic", { weight: 50 }), to("advanced", { weight: 50 })] }];
    const hosts = ["mine.kyc.svc.cluster.local", "basic-mine.kyc.svc.cluster.local"];
    const b = { ...side(...AROUND, virtualService(own, { hosts })), borrowed: new Set(["kyc/credit-check"]) };
    const { entries, notes } = entriesOf(a, b);
    expect(
      entries.map(({ listener, hosts }) => [
        listener,
        ...hosts.map((host) => (host.kind === "host" ? host.host : "")),
      ]),
    ).toEqual([
      ["mesh", "credit-check.kyc.svc.cluster.local", "mine.kyc.svc.cluster.local"],
      ["mesh", "basic-credit-check.kyc.svc.cluster.local", "basic-mine.kyc.svc.cluster.local"],
    ]);
    expect(notes[0]).toStartWith(
      "not compared, because only one side has it: advanced-credit-check.kyc.svc.cluster.local (mesh)",
    );
    expect(entriesOf(b, a).entries.map(({ hosts }) => hosts)).toEqual(
      entries.map(({ hosts: [x, y] }) => [y, x]),
    );
  });

  test("can be named", () => {
    const a = side(...AROUND, virtualService(ENDS));
    const { entries } = namedEntries(a, a, ["own.kyc", "credit-check.kyc"]);
    expect(entries.map(({ listener, isThere }) => [listener, ...isThere])).toEqual([
      ["mesh", true, true],
      ["local-gateway", false, true],
    ]);
  });
});

describe("a path that a regular expression rewrites", () => {
  const rewriting = (match: string, rewrite: string): RuleOf[] => [
    { rewrite: { uriRegexRewrite: { match, rewrite } }, route: [to("basic")] },
  ];

  test.each<[string, RuleOf[], RuleOf[]]>([
    ["another substitution", rewriting("/old(/.*)?", "/new\\1"), rewriting("/old(/.*)?", "/newer\\1")],
    ["another pattern", rewriting("^/v[0-9]+/", "/"), rewriting("^/w[0-9]+/", "/")],
    ["none on one side", rewriting("a{3}b", "c"), [{ route: [to("basic")] }]],
    ["anchored", rewriting("^/one/(.*)$", "/\\1"), rewriting("^/one/(.*)$", "/x/\\1")],
  ])("is a difference shown by one request: %s", (_, a, b) => {
    const { verdict, differences } = between(a, b);
    expect([verdict, differences.length > 0]).toEqual(["different", true]);
  });

  test("is no difference if it is the same", () => {
    expect(between(rewriting("^/v[0-9]+/", "/"), rewriting("^/v[0-9]+/", "/")).verdict).toBe("equal");
  });
});
