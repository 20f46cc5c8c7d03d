import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HeaderList } from "../route-fields/headers/header-list.ts";
import { appliedMatch, EVERY_REQUEST, type MatchedRequest } from "../route-fields/match/match.ts";
import { firstRule, literalFront, rulesFor } from "./rule-index.ts";
import type { RequestMatch, Rule, VirtualHosts } from "./table.ts";

describe("the rules for a host", () => {
  const hosts: VirtualHosts = {
    exact: new Map([["a.b.example", named("exact")]]),
    suffixes: [
      [".b.example", named("*.b.example")],
      [".example", named("*.example")],
    ],
    any: named("*"),
  };

  test.each([
    ["a.b.example", "exact"],
    ["c.b.example", "*.b.example"],
    ["d.c.b.example", "*.b.example"],
    ["b.example", "*.example"],
    ["x.example", "*.example"],
    ["example", "*"],
    ["xb.example", "*.example"],
    [".example", "*"],
    ["other", "*"],
    ["", "*"],
  ])("%p are those of the most specific name, %s", (host, expected) => {
    expect(rulesFor(hosts, host)?.[0]?.at.file).toBe(expected);
  });

  test("are undefined if no name matches", () => {
    expect(rulesFor({ ...hosts, any: undefined }, "other")).toBeUndefined();
  });
});

const REDIRECT = { kind: "redirect", status: 301 } as unknown as Rule["action"];

/** Tries one rule after the other, as Envoy does. */
function slowFirstRule(rules: readonly Rule[], request: MatchedRequest): ReturnType<typeof firstRule> {
  for (const rule of rules) {
    const match = appliedMatch(rule, request);
    if (match !== undefined) return { rule, match };
  }
  return undefined;
}

describe("the first rule that applies", () => {
  const path = fc.constantFrom(
    "",
    "/",
    "/a",
    "/A",
    "/a/",
    "/a/b",
    "/a/B",
    "/ab",
    "/abc",
    "/b",
    "*",
    "/\u00e4",
    "/\u00c4",
  );
  const condition: fc.Arbitrary<RequestMatch> = fc.record({
    uri: fc.option(
      fc.oneof(
        fc.record({ kind: fc.constantFrom("exact" as const, "prefix" as const), value: path }),
        fc.record({
          kind: fc.constant("regex" as const),
          value: fc.constantFrom("/a.*", "(?i)/B", "/[ab]+"),
        }),
      ),
      { nil: undefined, freq: 8 },
    ),
    ignoreUriCase: fc.boolean(),
    method: fc.option(
      fc.record({ kind: fc.constant("exact" as const), value: fc.constantFrom("GET", "PUT") }),
      {
        nil: undefined,
      },
    ),
    authority: fc.constant(undefined),
    headers: fc.constantFrom([], [["h", { kind: "exact" as const, value: "1" }] as const]),
    withoutHeaders: fc.constantFrom([], [["h", { kind: "present" as const }] as const]),
    queryParams: fc.constant([]),
  });
  const request: fc.Arbitrary<MatchedRequest> = fc.record({
    method: fc.constantFrom("GET", "PUT"),
    target: fc.tuple(path, fc.constantFrom("", "?", "?a=/b")).map((parts) => parts.join("")),
    authority: fc.constant("a.test"),
    headers: fc.constantFrom(new HeaderList(), new HeaderList(["h", "1"]), new HeaderList(["h", "2"])),
  });

  test("is the same as in a linear search, for any rules and requests", () => {
    const matches = fc.array(condition, { minLength: 1, maxLength: 3 });
    const rules = fc.array(fc.oneof({ weight: 30, arbitrary: matches }, fc.constant([])), {
      minLength: 10,
      maxLength: 60,
      size: "max",
    });
    fc.assert(
      fc.property(rules, fc.array(request, { minLength: 5, maxLength: 20 }), (conditions, requests) => {
        const all = conditions.map((each) => ruleOf(each));
        for (const one of requests) expect(firstRule(all, one)).toEqual(slowFirstRule(all, one));
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, (i: number) => Partial<RequestMatch>]>([
    ["exact path", (i) => ({ uri: { kind: "exact", value: `/path/${i}` } })],
    ["prefix", (i) => ({ uri: { kind: "prefix", value: `/path/${i}/` } })],
    ["prefix without case", (i) => ({ uri: { kind: "prefix", value: `/Path/${i}/` }, ignoreUriCase: true })],
  ])("among 10,000 by %s is found without examining the others", (_, part) => {
    let looks = 0;
    const counted = (matches: readonly RequestMatch[]): Rule => ({
      ...ruleOf(matches),
      get matches() {
        looks++;
        return matches;
      },
    });
    const rules = [
      ...Array.from({ length: 10_000 }, (_, i) => counted([{ ...EVERY_REQUEST, ...part(i) }])),
      counted([]),
    ];
    const ask = (target: string): ReturnType<typeof firstRule> =>
      firstRule(rules, { method: "GET", target, authority: "a.test", headers: new HeaderList() });
    expect(ask("/elsewhere?q")?.rule).toBe(rules[10_000] as Rule);
    looks = 0;
    expect(ask("/elsewhere?q")?.rule).toBe(rules[10_000] as Rule);
    expect(ask(part(7777).uri?.value ?? "")?.rule).toBe(rules[7777] as Rule);
    // Each rule that is tried is examined once or twice.
    expect(looks).toBeLessThanOrEqual(4);
  });
});

test("the rules for a host among 10,000 wildcards are found by its suffix", () => {
  const suffixes = Array.from(
    { length: 10_000 },
    (_, i) => [`.shop${i}.example`, named(`*.shop${i}.example`)] as const,
  );
  const hosts: VirtualHosts = { exact: new Map(), suffixes, any: undefined };
  expect(rulesFor(hosts, "a.shop9999.example")?.[0]?.at.file).toBe("*.shop9999.example");
  expect(rulesFor(hosts, "shop9999.example")).toBeUndefined();
});

function ruleOf(matches: readonly RequestMatch[]): Rule {
  return { at: { file: "", line: 1, column: 1 }, matches, action: REDIRECT };
}

function named(file: string): Rule[] {
  return [{ at: { file, line: 1, column: 1 }, matches: [], action: REDIRECT }];
}

test.each([
  ["/api/.*", "/api/"],
  ["/a-b_c", "/a-b_c"],
  ["/ab?c", "/a"],
  ["/ab*", "/a"],
  ["/ab{0,2}c", "/a"],
  ["/ab+", "/a"],
  ["/a[bc]", "/a"],
  ["/a\\.b", "/a"],
  ["/a|/b", ""],
  ["/(a|b)", ""],
  ["(?i)/a", ""],
  ["^/a", ""],
  [".*", ""],
  ["", ""],
])("all matches of %p begin with %p", (expression, front) => {
  expect(literalFront(expression)).toBe(front);
});
