import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HeaderList } from "../headers/header-list.ts";
import { appliedMatch, EVERY_REQUEST, type MatchedRequest, pathOf, regexProblem } from "./match.ts";
import { type RequestMatch, type Rule, type StringMatch, type ValueMatch } from "../../traffic/table.ts";

describe("a string", () => {
  test.each<[StringMatch["kind"], string, string, boolean]>([
    ["exact", "/a", "/a", true],
    ["exact", "/a", "/a/", false],
    ["exact", "/a", "/A", false],
    ["exact", "", "", true],
    ["prefix", "/a", "/a", true],
    // As Envoy's prefix, and unlike the Gateway API's: not held to whole segments.
    ["prefix", "/a", "/abc", true],
    ["prefix", "/a/", "/a", false],
    ["prefix", "/A", "/a", false],
    ["regex", "/a", "/a", true],
    ["regex", "/a", "/ab", false],
    ["regex", "a", "/a", false],
    ["regex", "/a|/abc", "/abc", true],
    ["regex", "^/a$", "/a", true],
    ["regex", "/a.*", "/a", true],
    ["regex", "(?i)/a", "/A", true],
    ["regex", "[0-9]+", "42", true],
    ["regex", "\\pL+", "abc", true],
    ["regex", ".", "\n", false],
  ])("%s %j takes %j: %p", (kind, value, text, expected) => {
    expect(takes({ kind, value }, text)).toBe(expected);
    expect(takes({ kind, value }, text)).toBe(expected);
  });
});

describe("a regular expression", () => {
  test.each([".*", "(a|b)+", "[[:alpha:]]", "(?P<name>a)", "a{1,3}", "\\d"])("%s is one of RE2", (source) => {
    expect(regexProblem(source)).toBeUndefined();
  });

  test.each(["(", "a(?=b)", "(?<!a)b", "(a)\\1", "*", "a{2,1}", "[z-a]"])(
    "%s is not, with the reason",
    (source) => {
      expect(regexProblem(source)).toStartWith("error parsing regexp: ");
      expect(() => takes({ kind: "regex", value: source }, "a")).toThrow();
    },
  );

  test("takes no time that grows with its nesting, as RE2 promises", () => {
    const before = performance.now();
    expect(takes({ kind: "regex", value: "(a*)*b" }, "a".repeat(5_000))).toBe(false);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});

describe("a path", () => {
  test.each([
    ["/a", "/a"],
    ["/a?b=/c?d", "/a"],
    ["?", ""],
    ["*", "*"],
    ["/%3F?x", "/%3F"],
  ])("of %s is %s", (target, expected) => {
    expect(pathOf(target)).toBe(expected);
  });
});

describe("a condition on a header", () => {
  const wants = (kind: StringMatch["kind"], value: string): RequestMatch =>
    condition({ headers: [["a", { kind, value }]] });

  test.each<[string, RequestMatch, [string, string][], boolean]>([
    ["holds for its value", wants("exact", "1"), [["a", "1"]], true],
    ["does not hold if the header is missing", wants("prefix", ""), [["b", "1"]], false],
    ["nor for nothing against nothing", wants("exact", ""), [], false],
    ["holds for an empty value", wants("exact", ""), [["a", ""]], true],
    [
      "holds if one of several fields has the value",
      wants("exact", "2"),
      [
        ["a", "1"],
        ["b", "x"],
        ["a", "2"],
      ],
      true,
    ],
    [
      "and does not see them as one, joined by commas",
      wants("exact", "1,2"),
      [
        ["a", "1"],
        ["a", "2"],
      ],
      false,
    ],
    ["takes values as they are written", wants("exact", "basic"), [["a", "Basic"]], false],
  ])("%s", (_, match, headers, expected) => {
    expect(appliedMatch(rule([match]), request({ headers })) !== undefined).toBe(expected);
  });
});

describe("presence of a header", () => {
  const present = condition({ headers: [["a", { kind: "present" }]] });

  test.each<[string, [string, string][], boolean]>([
    ["is seen", [["a", "1"]], true],
    ["is seen of an empty one", [["a", ""]], true],
    ["is not seen of another", [["b", "1"]], false],
  ])("%s", (_, headers, expected) => {
    expect(appliedMatch(rule([present]), request({ headers })) !== undefined).toBe(expected);
  });
});

describe("a condition without a header", () => {
  const without = (match: ValueMatch): RequestMatch => condition({ withoutHeaders: [["a", match]] });

  test.each<[string, RequestMatch, [string, string][], boolean]>([
    ["holds if it is missing", without({ kind: "present" }), [["b", "1"]], true],
    ["does not hold if it is present", without({ kind: "present" }), [["a", "1"]], false],
    ["nor if it is present and empty", without({ kind: "present" }), [["a", ""]], false],
    ["holds for another value", without(exact("1")), [["a", "2"]], true],
    ["does not hold for the value", without(exact("1")), [["a", "1"]], false],
    ["holds if none has a value", without(exact("1")), [], true],
    // Envoy's treat_missing_header_as_empty, which istiod asks for.
    ["takes a missing one for an empty one", without(exact("")), [], false],
    ["also by a regex", without({ kind: "regex", value: ".*" }), [], false],
    ["that the regex does not take", without({ kind: "regex", value: ".+" }), [], true],
    [
      "does not hold if one of several fields has the value",
      without(exact("2")),
      [
        ["a", "1"],
        ["a", "2"],
      ],
      false,
    ],
  ])("%s", (_, match, headers, expected) => {
    expect(appliedMatch(rule([match]), request({ headers })) !== undefined).toBe(expected);
  });
});

describe("a condition on a query parameter", () => {
  const wants = (match: ValueMatch): RequestMatch => condition({ queryParams: [["q", match]] });

  test.each<[string, RequestMatch, string, boolean]>([
    ["holds for its value", wants(exact("1")), "/?q=1", true],
    ["wherever it stands", wants(exact("1")), "/?a=b&q=1&c", true],
    ["does not hold for another value", wants(exact("1")), "/?q=12", false],
    ["nor for another name", wants({ kind: "present" }), "/?qq=1&aq=1", false],
    ["nor without a query", wants({ kind: "present" }), "/q=1", false],
    ["nor for an empty query", wants({ kind: "present" }), "/?", false],
    ["sees the first of several", wants(exact("1")), "/?q=1&q=2", true],
    ["and no later one", wants(exact("2")), "/?q=1&q=2", false],
    ["is met by presence", wants({ kind: "present" }), "/?q=", true],
    ["is met by presence without a value", wants({ kind: "present" }), "/?q", true],
    ["takes no value for an empty one", wants(exact("")), "/?q", true],
    ["does not decode values", wants(exact("a b")), "/?q=a%20b", false],
    ["nor names", wants(exact("1")), "/?%71=1", false],
    ["nor plus signs", wants(exact("a+b")), "/?q=a+b", true],
    ["keeps later equal signs", wants(exact("a=b")), "/?q=a=b", true],
    ["and later question marks", wants(exact("a?b")), "/?q=a?b", true],
    ["begins at the first question mark", wants(exact("1")), "/?a?q=1", false],
    ["passes over empty parameters", wants(exact("1")), "/?&&q=1&", true],
    ["minds the letter case", wants(exact("A")), "/?q=a", false],
    ["takes a prefix", wants({ kind: "prefix", value: "ab" }), "/?q=abc", true],
    ["takes a regex for the whole value", wants({ kind: "regex", value: "[0-9]+" }), "/?q=1a", false],
  ])("%s", (_, match, target, expected) => {
    expect(appliedMatch(rule([match]), request({ target })) !== undefined).toBe(expected);
  });
});

describe("a path in any letter case", () => {
  test.each<[StringMatch, string, boolean]>([
    [exact("/Abc"), "/aBC", true],
    [exact("/abc"), "/abcd", false],
    [{ kind: "prefix", value: "/A/" }, "/a/X", true],
    // Beyond ASCII there are bytes, and no letters: this is \u00e4 and \u00c4 in Latin-1.
    [exact("/\u00e4"), "/\u00c4", false],
    [{ kind: "regex", value: "/a" }, "/A", false],
  ])("%j takes %p: %p", (uri, target, expected) => {
    const match = condition({ uri, ignoreUriCase: true });
    expect(appliedMatch(rule([match]), request({ target })) !== undefined).toBe(expected);
  });
});

describe("the condition that applies", () => {
  test("is the first of a rule's that holds", () => {
    const [a, b] = [condition({ method: exact("GET") }), condition({ method: exact("POST") })];
    const matches = [a, b, condition({ method: exact("POST") })];
    expect(appliedMatch(rule(matches), request({ method: "POST" }))).toBe(b);
    expect(appliedMatch(rule(matches), request({ method: "PUT" }))).toBeUndefined();
  });

  test("is true for a rule without conditions", () => {
    expect(appliedMatch(rule([]), request({}))).toBe(true);
  });

  test("looks at the path without the query", () => {
    const match = condition({ uri: exact("/a") });
    expect(appliedMatch(rule([match]), request({ target: "/a?b" }))).toBe(match);
  });
});

describe("over any rules and requests", () => {
  const text = fc.constantFrom("", "a", "b", "ab", "/a", "/a/b", "/b", "GET", "x.example");
  const expression = fc.constantFrom("a", ".*", "/a.*", "[ab]+", "/[^/]+", "GET|POST", "a?b?", "(/a)?/b");
  const wanted: fc.Arbitrary<StringMatch> = fc.oneof(
    fc.record({ kind: fc.constantFrom("exact" as const, "prefix" as const), value: text }),
    fc.record({ kind: fc.constant("regex" as const), value: expression }),
  );
  const value: fc.Arbitrary<ValueMatch> = fc.oneof(
    { weight: 3, arbitrary: wanted },
    { weight: 1, arbitrary: fc.constant<ValueMatch>({ kind: "present" }) },
  );
  const maybe = fc.option(wanted, { nil: undefined, freq: 2 });
  const name = fc.constantFrom("h", "i", "j");
  const aCondition = fc.record({
    uri: maybe,
    method: maybe,
    authority: maybe,
    ignoreUriCase: fc.boolean(),
    headers: fc.array(fc.tuple(name, value), { maxLength: 2 }),
    withoutHeaders: fc.array(fc.tuple(name, value), { maxLength: 1 }),
    queryParams: fc.array(fc.tuple(name, value), { maxLength: 1 }),
  });
  const aRequest = fc.record({
    method: fc.constantFrom("GET", "POST", "a"),
    target: fc
      .tuple(
        fc.constantFrom("/", "/a", "/A", "/a/b", "/A/b", "/b", "/ab", "*"),
        fc.constantFrom("", "?", "?a", "?/a?/b", "?h=a", "?h", "?i=ab&h=b", "?h=a&h=b", "?&=a&j=GET"),
      )
      .map((parts) => parts.join("")),
    authority: fc.constantFrom("x.example", "a", "ab", "x.example:80"),
    headers: fc.array(fc.tuple(name, fc.constantFrom("", "a", "b", "ab", "GET")), { maxLength: 4 }),
  });
  const rules = fc.array(fc.array(aCondition, { maxLength: 3 }).map(rule), { maxLength: 4 });

  test("the rule and the condition are those that a slow reading of the reference finds", () => {
    let taken = 0;
    fc.assert(
      fc.property(rules, aRequest, (all, wish) => {
        const incoming = request(wish);
        const found = all
          .map((one) => ({ one, match: appliedMatch(one, incoming) }))
          .find(({ match }) => match !== undefined);
        const expected = slowly(all, wish);
        expect(found?.one).toBe(expected?.rule as Rule);
        expect(found?.match).toBe(expected?.match as RequestMatch);
        if (found !== undefined) taken++;
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(200);
  });
});

interface Wish {
  method: string;
  target: string;
  authority: string;
  headers: [string, string][];
}

/** Lists every fact about the request, and asks of each condition whether one of them is missing or unwanted. */
function slowly(rules: Rule[], wish: Wish): { rule: Rule; match: RequestMatch | true } | undefined {
  const [path = "", ...query] = wish.target.split("?");
  // From the last to the first, so that the first stays.
  const parameters = new Map(
    query
      .join("?")
      .split("&")
      .reverse()
      .map((parameter) => {
        const [name = "", ...value] = parameter.split("=");
        return [name, value.join("=")];
      }),
  );
  const facts: [string, string][] = [
    ["uri", path],
    ["method", wish.method],
    ["authority", wish.authority],
    ...wish.headers.map(([name, value]): [string, string] => [`header ${name}`, value]),
    ...[...parameters].map(([name, value]): [string, string] => [`query ${name}`, value]),
  ];
  const candidates = rules.flatMap((rule) => {
    const conditions = rule.matches.length === 0 ? [true as const] : rule.matches;
    return conditions.map((match) => ({ rule, match }));
  });
  return candidates.find(({ match }) => {
    if (match === true) return true;
    const demands: [string, ValueMatch | undefined][] = [
      ["uri", match.uri],
      ["method", match.method],
      ["authority", match.authority],
      ...match.headers.map(([name, value]): [string, ValueMatch] => [`header ${name}`, value]),
      ...match.queryParams.map(([name, value]): [string, ValueMatch] => [`query ${name}`, value]),
    ];
    const unmet = demands.filter(([name, demand]) => {
      const flags = name === "uri" && match.ignoreUriCase && demand?.kind !== "regex" ? "si" : "s";
      return demand !== undefined && !facts.some(([of, fact]) => of === name && holds(demand, fact, flags));
    });
    const unwanted = match.withoutHeaders.filter(([name, demand]) => {
      const values = facts.filter(([of]) => of === `header ${name}`).map(([, value]) => value);
      if (values.length === 0 && demand.kind !== "present") values.push("");
      return values.some((value) => holds(demand, value, "s"));
    });
    return unmet.length === 0 && unwanted.length === 0;
  });
}

function holds(demand: ValueMatch, fact: string, flags: string): boolean {
  return demand.kind === "present" || new RegExp(asRegExp(demand), flags).test(fact);
}

function asRegExp({ kind, value }: StringMatch): string {
  if (kind === "regex") return `^(?:${value})$`;
  const literal = value.replace(/[^a-zA-Z]/g, "\\$&");
  return kind === "exact" ? `^${literal}$` : `^${literal}`;
}

function takes(match: StringMatch, method: string): boolean {
  return appliedMatch(rule([condition({ method: match })]), request({ method })) !== undefined;
}

function exact(value: string): StringMatch {
  return { kind: "exact", value };
}

function condition(parts: Partial<RequestMatch>): RequestMatch {
  return { ...EVERY_REQUEST, ...parts };
}

function rule(matches: RequestMatch[]): Rule {
  const action = { kind: "redirect", status: 301 } as unknown as Rule["action"];
  return { at: { file: "f.yaml", line: 1, column: 1 }, matches, action };
}

function request({
  method = "GET",
  target = "/",
  authority = "a.example",
  headers = [],
}: Partial<Wish>): MatchedRequest {
  return { method, target, authority, headers: new HeaderList(headers.flat()) };
}
