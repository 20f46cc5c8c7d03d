import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RoutedRequest } from "../resolve.ts";
import type { Listener } from "../table.ts";
import { request } from "../testing/sample-plans.ts";
import { compare } from "./compare.ts";
import type { Comparison } from "./comparison.ts";
import { entriesOf, type Described } from "./entries.ts";
import { OWN, PATHS, type RuleOf, type Sample, sample, sideOf, VALUES } from "./testing/sample-manifests.ts";
import { outcomesOf, placeOfOutcome, sameOutcomes } from "./testing/resolver-outcomes.ts";
import type { Counterexample } from "./counterexample.ts";

// Laws for any two descriptions, checked with the resolver that routes the local mesh's requests.

const OPTIONS = { revisionHeader: undefined };
const compared = (a: Described, b: Described): Comparison => compare(a, b, entriesOf(a, b), OPTIONS);

const sentRequest = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT"),
    path: fc.oneof(fc.constantFrom(...PATHS), fc.constantFrom("/a/bc", "/A", "/a/b/c/9", "/c/")),
    q: fc.option(fc.constantFrom(...VALUES)),
    headers: fc.dictionary(
      fc.constantFrom("end-user", "x-own"),
      fc.oneof(
        fc.constantFrom(...VALUES),
        fc.string({ unit: "grapheme-ascii" }).map((text) => text.trim()),
      ),
    ),
  })
  .map(({ method, path, q, headers }) =>
    request(OWN, path + (q === null ? "" : `?q=${q}`), { method, headers: Object.entries(headers) }),
  );

describe("two descriptions", () => {
  test("are equal if they are the same", () => {
    fc.assert(
      fc.property(sample, (one) => {
        expect(compared(sideOf(one), sideOf(one)).verdict).toBe("equal");
      }),
      { numRuns: 30 },
    );
  });

  test("have the same verdict in either order", () => {
    fc.assert(
      fc.property(sample, sample, (one, other) => {
        const [a, b] = [sideOf(one), sideOf(other)];
        expect(compared(a, b).verdict).toBe(compared(b, a).verdict);
      }),
      { numRuns: 30 },
    );
  });

  test("are equal if one is a rewording of the other", () => {
    fc.assert(
      fc.property(sample, fc.constantFrom(...REWORDINGS), (one, [, reword]) => {
        const other = { own: reword(one.own), next: reword(one.next) };
        expect(compared(sideOf(one), sideOf(other))).toMatchObject({ verdict: "equal" });
      }),
      { numRuns: 40 },
    );
  });

  test("send 5,000 requests alike if they are reported equal, and otherwise the counterexample shows a difference", () => {
    let [sent, shown] = [0, 0];
    // Two random descriptions are rarely equal, so one is often a rewording of the other.
    const pair: fc.Arbitrary<readonly [Sample, Sample]> = fc.oneof(
      fc.tuple(sample, sample).map(([one, other]) => [one, { own: one.own, next: other.next }] as const),
      fc.tuple(sample, sample).map(([one, { own }]) => {
        return [one, { ...one, own: [...one.own.slice(0, -1), ...own.slice(-1)] }] as [Sample, Sample];
      }),
      {
        weight: 3,
        arbitrary: fc.tuple(sample, fc.constantFrom(...REWORDINGS)).map(([one, [, reword]]) => {
          return [one, { own: reword(one.own), next: reword(one.next) }] as const;
        }),
      },
    );
    fc.assert(
      fc.property(pair, fc.infiniteStream(sentRequest), (both, requests) => {
        const [a, b] = [sideOf(both[0]), sideOf(both[1])];
        const same = (listener: Listener, incoming: RoutedRequest): boolean => {
          const outcomes = [a, b].map(({ plan }) => outcomesOf(plan, listener, incoming));
          return sameOutcomes(...(outcomes as [Map<string, number>, Map<string, number>]));
        };
        const { verdict, differences, doubts } = compared(a, b);
        expect(doubts).toEqual([]);
        for (const { listener, request, sides, differs } of differences) {
          // The outcome of one try is the same, but a failed try is sent again, and a split behind the retry is drawn
          // again on one side only: the resolver covers one try.
          const [one, other] = sides.map((outcomes) => outcomes.map((each) => JSON.stringify(each)).sort());
          const isAlike = Bun.deepEquals(one, other);
          if (isAlike) expect(differs).not.toEqual([]);
          for (const { values } of differs) expect(values[0]).not.toBe(values[1]);
          const [ofOne, ofOther] = sides.map((ends) =>
            JSON.stringify(
              summed(ends.map(({ share, place }) => [placeName(place), shareOf(share)] as const)),
            ),
          );
          const isRetried = [...(one ?? []), ...(other ?? [])].some((text) => text.includes("retries:"));
          if (
            (isAlike || ofOne === ofOther) &&
            isRetried &&
            differs.every(({ about }) => about.startsWith("retries"))
          )
            continue;
          shown++;
          // The destinations and shares of either side are those that the message reports.
          for (const [i, { plan }] of [a, b].entries()) {
            const told =
              sides[i]?.map(({ share, place }) => [placeName(place), shareOf(share)] as const) ?? [];
            const found = [...outcomesOf(plan, listener, toSend(request))].map(
              ([text, share]) => [placeOfOutcome(text), share] as const,
            );
            expect({ request, shares: summed(told) }).toEqual({ request, shares: summed(found) });
          }
          expect({ request, same: same(listener, toSend(request)) }).toEqual({ request, same: false });
        }
        if (verdict !== "equal") return;
        for (const incoming of requests.take(100)) {
          sent += 2;
          expect(same("mesh", incoming) && same("local-gateway", incoming)).toBe(true);
        }
      }),
      { numRuns: 65 },
    );
    expect(sent).toBeGreaterThan(5_000);
    expect(shown).toBeGreaterThan(20);
  });

  test("are never equal if one reachable rule was changed", () => {
    fc.assert(
      fc.property(sample, fc.constantFrom(...MUTATIONS), (one, [, mutated]) => {
        const verdicts = [UNIQUE, mutated].map((first) => sideOf({ ...one, own: [first, ...one.own] }));
        const [a, b] = verdicts as [Described, Described];
        const { verdict, differences } = compared(a, b);
        expect(verdict).toBe("different");
        for (const { sides, differs } of differences) {
          const [x, y] = sides.map((ends) => ends.map(({ share, place }) => `${share} ${place}`).sort());
          if (Bun.deepEquals(x, y)) expect(differs).not.toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** Returns a revision, or the status of a response of the proxy itself. */
function placeName(place: string): string {
  return place.split(" ")[0] ?? place;
}

/** Parses `50 %` or `1/3`. */
function shareOf(text: string): number {
  const [part = "", of = "1"] = text.replace(" %", "").split("/");
  return Number(part) / Number(of) / (text.endsWith("%") ? 100 : 1);
}

function summed(shares: readonly (readonly [string, number])[]): Record<string, number> {
  const groups = Object.entries(Object.groupBy(shares, ([place]) => place));
  const sums = groups.map(
    ([place, own = []]) => [place, own.reduce((sum, [, share]) => sum + share, 0)] as const,
  );
  return Object.fromEntries(sums.sort().map(([place, sum]) => [place, Math.round(sum * 1e6) / 1e6]));
}

function toSend({ method, path, query, headers, hosts }: Counterexample): RoutedRequest {
  const parameters = query.map(([name, value]) => `${name}=${value}`).join("&");
  return request(hosts[0], path + (parameters === "" ? "" : `?${parameters}`), {
    method,
    headers: headers.map(([name, value]) => [name, value]),
  });
}

const basic = { destination: { host: "credit-check-basic", port: { number: 80 } } };
const advanced = { destination: { host: "credit-check-advanced", port: { number: 80 } } };
const UNIQUE: RuleOf = {
  match: [{ uri: { exact: "/unique" } }],
  route: [
    { ...basic, weight: 30 },
    { ...advanced, weight: 70 },
  ],
  timeout: "3s",
  retries: { attempts: 1, retryOn: "5xx" },
};

const MUTATIONS: readonly (readonly [what: string, rule: RuleOf])[] = [
  [
    "a weight",
    {
      ...UNIQUE,
      route: [
        { ...basic, weight: 31 },
        { ...advanced, weight: 69 },
      ],
    },
  ],
  [
    "the sum of the weights",
    {
      ...UNIQUE,
      route: [
        { ...basic, weight: 30 },
        { ...advanced, weight: 71 },
      ],
    },
  ],
  [
    "the order of the destinations",
    {
      ...UNIQUE,
      route: [
        { ...basic, weight: 70 },
        { ...advanced, weight: 30 },
      ],
    },
  ],
  ["a removed destination", { ...UNIQUE, route: [basic] }],
  ["a header of the request", { ...UNIQUE, headers: { request: { set: { "x-new": "1" } } } }],
  ["a header of the answer", { ...UNIQUE, headers: { response: { remove: ["x-new"] } } }],
  ["the path", { ...UNIQUE, rewrite: { uri: "/other" } }],
  ["the time limit", { ...UNIQUE, timeout: "4s" }],
  ["the number of attempts", { ...UNIQUE, retries: { attempts: 2, retryOn: "5xx" } }],
  ["the retry conditions", { ...UNIQUE, retries: { attempts: 1, retryOn: "reset" } }],
  ["a redirect instead", { match: UNIQUE["match"], redirect: { uri: "/unique2" } }],
  [
    "a direct response instead",
    { match: UNIQUE["match"], directResponse: { status: 200, body: { string: "no" } } },
  ],
  ["a fault", { ...UNIQUE, fault: { abort: { httpStatus: 503, percentage: { value: 0.1 } } } }],
  ["a delay", { ...UNIQUE, fault: { delay: { fixedDelay: "1s", percentage: { value: 5 } } } }],
  ["a mirror", { ...UNIQUE, mirror: basic.destination, mirrorPercentage: { value: 1 } }],
];

/** Ways to reword rules without a change of meaning. */
const REWORDINGS: readonly (readonly [what: string, (rules: RuleOf[]) => RuleOf[]])[] = [
  ["weights times three", (rules) => rules.map((rule) => ({ ...rule, ...scaled(rule) }))],
  ["a rule of two matches as two rules", (rules) => rules.flatMap(split)],
  [
    "each rule twice",
    (rules) => rules.flatMap((rule) => (rule["match"] === undefined ? [rule] : [rule, rule])),
  ],
  ["exact paths as regular expressions", (rules) => rules.map((rule) => ({ ...rule, ...asRegex(rule) }))],
  [
    "the last rule with a match for all paths",
    (rules) =>
      rules.map((rule) =>
        rule["match"] === undefined ? { ...rule, match: [{ uri: { prefix: "/" } }] } : rule,
      ),
  ],
  ["a destination as two halves", (rules) => rules.map((rule) => ({ ...rule, ...halved(rule) }))],
];

interface Weighted {
  weight?: number;
}

function scaled(rule: RuleOf): RuleOf {
  const route = rule["route"] as Weighted[] | undefined;
  return route === undefined
    ? {}
    : { route: route.map((to) => ("weight" in to ? { ...to, weight: (to.weight ?? 0) * 3 } : to)) };
}

function halved(rule: RuleOf): RuleOf {
  const route = rule["route"] as Weighted[] | undefined;
  if (route === undefined || route.length < 2) return {};
  return {
    route: route.flatMap((to) => [
      { ...to, weight: (to.weight ?? 0) / 2 },
      { ...to, weight: (to.weight ?? 0) / 2 },
    ]),
  };
}

function asRegex(rule: RuleOf): RuleOf {
  const matches = rule["match"] as { uri?: { exact?: string }; ignoreUriCase?: boolean }[] | undefined;
  return matches === undefined
    ? {}
    : {
        match: matches.map((match) => {
          const exact = match.uri?.exact;
          if (exact === undefined) return match;
          return { ...match, uri: { regex: match.ignoreUriCase ? `(?i)${exact}` : exact } };
        }),
      };
}

function split(rule: RuleOf): RuleOf[] {
  const matches = rule["match"] as RuleOf[] | undefined;
  return matches === undefined ? [rule] : matches.map((match) => ({ ...rule, match: [match] }));
}
