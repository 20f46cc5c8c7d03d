import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createBuckets } from "../../../functions/kyc-aggregator/bucket.ts";
import { stringMatches } from "../../route-fields/match/match.ts";
import { BUCKETS, bucketName } from "./bucket-ranges.ts";
import {
  bucketRules,
  bucketTargets,
  type ListedTarget,
  type SplitRule,
  weightedRule,
} from "./bucket-rules.ts";
import { findBucketRules } from "./find-bucket-rules.ts";
import { CannotWrite, type SplitTarget } from "./split.ts";

const HEADER = "x-kyc-bucket";
const NAMES = ["basic", "advanced", "v3"];
const SERVICE = {
  name: "check",
  namespace: "kyc",
  revisions: NAMES.map((name) => `check-${name}`),
  tags: new Map(NAMES.map((name) => [name, `check-${name}`])),
};
const EXAMPLE: SplitRule & { retries: object } = {
  name: "split",
  retries: { attempts: 0 },
  route: [{ destination: { host: "check-basic.kyc.svc.cluster.local" } }],
};
const PINNED: SplitRule = {
  match: [{ uri: { exact: "/basic" } }],
  route: [{ destination: { host: "check-basic" } }],
};

const wantedOf = (...percents: number[]): SplitTarget[] =>
  percents.map((percent, i) => {
    const tag = NAMES[i] ?? "";
    return { revision: `check-${tag}`, tag, percent, latest: false };
  });
const basic: ListedTarget = {
  ...(wantedOf(100)[0] as SplitTarget),
  destination: { weight: 100, destination: { host: "check-basic.kyc.svc.cluster.local" } },
  ranges: [],
};

/** Returns the rules of a split, made from weights or from previous rules. */
function rulesOf(percents: readonly number[], before?: readonly SplitRule[]): SplitRule[] {
  const found = before && findBucketRules(before);
  const listed = (found && bucketTargets(before, found, SERVICE)) ?? [basic];
  return bucketRules({ example: EXAMPLE, listed, wanted: wantedOf(...percents), service: SERVICE }, HEADER);
}

/** Returns the host that a request of a bucket reaches: that of the first matching rule. */
function hostFor(http: readonly SplitRule[], bucket: string): string {
  const rule = http.find(({ match }) => {
    const conditions = match as { headers: Record<string, { regex: string }> }[] | undefined;
    return (
      conditions === undefined ||
      conditions.some(({ headers }) =>
        stringMatches({ kind: "regex", value: headers[HEADER]?.regex ?? "" }, bucket),
      )
    );
  });
  return rule?.route?.[0]?.destination.host.split(".")[0] ?? "";
}
const ownersOf = (http: readonly SplitRule[]): string[] =>
  Array.from({ length: BUCKETS }, (_, bucket) => hostFor(http, bucketName(bucket)));
const percentsIn = (http: readonly SplitRule[]): Record<string, number> => {
  const found = findBucketRules(http);
  const targets = (found && bucketTargets(http, found, SERVICE)) ?? [];
  return Object.fromEntries(targets.map(({ tag, percent }) => [tag ?? "", percent]));
};

describe("a split by buckets", () => {
  test("has a rule for each target and one for requests without a bucket, which stay with the first", () => {
    expect(rulesOf([75, 25])).toEqual([
      {
        name: "split-basic",
        match: [{ headers: { [HEADER]: { regex: "2[5-9][0-9]{2}|[3-9][0-9]{3}" } } }],
        retries: { attempts: 0 },
        route: [{ destination: { host: "check-basic.kyc.svc.cluster.local" } }],
      },
      {
        name: "split-advanced",
        match: [{ headers: { [HEADER]: { regex: "[0-1][0-9]{3}|2[0-4][0-9]{2}" } } }],
        retries: { attempts: 0 },
        route: [{ destination: { host: "check-advanced.kyc.svc.cluster.local" } }],
      },
      { ...EXAMPLE, route: [{ destination: { host: "check-basic.kyc.svc.cluster.local" } }] },
    ] as SplitRule[]);
  });

  test("routes all requests to the target with the full share, including those without a bucket", () => {
    const http = rulesOf([0, 100], rulesOf([50, 50]));
    expect(new Set([...ownersOf(http), hostFor(http, "")])).toEqual(new Set(["check-advanced"]));
    expect(percentsIn(http)).toEqual({ advanced: 100 });
  });

  test("survives a round trip in steps of a hundredth, with the pinned rules around it", () => {
    const percent = fc.nat(BUCKETS);
    fc.assert(
      fc.property(percent, percent, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const counts = [low, high - low, BUCKETS - high];
        const http = [PINNED, ...rulesOf(counts.map((count) => count / 100))];
        const read = percentsIn(http);
        expect(NAMES.map((name) => Math.round(100 * (read[name] ?? 0)))).toEqual(counts);
      }),
      { numRuns: 15 },
    );
  });

  test("takes no bucket from a target whose share grows, and moves as few as possible", () => {
    const percents = fc.tuple(fc.nat(100), fc.nat(100)).map(([a, b]) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      return [low, high - low, 100 - high];
    });
    fc.assert(
      fc.property(percents, percents, percents, (first, second, third) => {
        let http = rulesOf(first);
        let before = { owners: ownersOf(http), percents: first };
        for (const next of [second, third]) {
          http = rulesOf(next, http);
          const owners = ownersOf(http);
          const moved = owners.filter((owner, bucket) => owner !== before.owners[bucket]).length;
          const least = next.reduce(
            (sum, percent, i) => sum + Math.max(0, percent - (before.percents[i] ?? 0)),
            0,
          );
          expect(moved).toBe(100 * least);
          before = { owners, percents: next };
        }
      }),
      { numRuns: 10 },
    );
  });

  test("is read from hand-written matches, where the first rule decides and the last gets the remainder", () => {
    const to = (name: string, ...match: object[]): SplitRule => ({
      ...(match.length === 0
        ? {}
        : { match: match.map((value) => ({ headers: { "X-Kyc-Bucket": value } })) }),
      route: [{ destination: { host: `check-${name}` } }],
    });
    const http = [
      PINNED,
      to("advanced", { prefix: "00" }, { exact: "0100" }),
      to("v3", { regex: "0[0-9]*" }),
      to("basic"),
    ];
    expect(findBucketRules(http)).toMatchObject({ header: HEADER, first: 1, last: 3 });
    expect(percentsIn(http)).toEqual({ basic: 90, advanced: 1.01, v3: 8.99 });
  });

  test.each<[string, unknown]>([
    ["a word", { headers: { "end-user": { exact: "basic" } } }],
    ["single values, such as a year", { headers: { version: { exact: "2024" } } }],
    ["any value", { headers: { [HEADER]: { regex: ".*" } } }],
    ["an expression that is not RE2", { headers: { [HEADER]: { regex: "(?=0)0[0-9]{3}" } } }],
    ["a path too", { uri: { exact: "/a" }, headers: { [HEADER]: { prefix: "0" } } }],
    ["two headers", { headers: { [HEADER]: { prefix: "0" }, other: { prefix: "0" } } }],
  ])("does not result from a rule with %s", (_, condition) => {
    expect(findBucketRules([{ match: [condition] }, {}])).toBeUndefined();
  });

  test("becomes weights with the same shares", () => {
    const found = findBucketRules(rulesOf([99.99, 0.01]));
    const http = rulesOf([99.99, 0.01]);
    const listed = (found && bucketTargets(http, found, SERVICE)) ?? [];
    const rule = weightedRule({ example: EXAMPLE, listed, wanted: wantedOf(99.99, 0.01), service: SERVICE });
    expect(rule.route?.map(({ weight }) => weight)).toEqual([9999, 1]);
    expect(rule).toMatchObject({ name: "split", retries: { attempts: 0 } });
  });

  test("needs a tag for a target if destinations go by tags", () => {
    const byTag: ListedTarget = {
      ...basic,
      destination: {
        destination: { host: "gateway.other.svc.cluster.local" },
        headers: { request: { set: { Host: "basic-check.kyc.svc.cluster.local" } } },
      },
    };
    const wanted = [...wantedOf(50), { revision: "check-next", tag: undefined, percent: 50, latest: false }];
    expect(() =>
      bucketRules({ example: EXAMPLE, listed: [byTag], wanted, service: SERVICE }, HEADER),
    ).toThrow(CannotWrite);
  });
});

test("a rollout of 1, 5, 25, 50 and 100 % takes none of 10,000 applicants back", () => {
  const bucketOf = createBuckets("a key");
  const applicants = Array.from({ length: 10_000 }, (_, i) => bucketOf(`applicant ${i}`));
  let http = rulesOf([100, 0]);
  let had = new Set<number>();
  for (const percent of [1, 5, 25, 50, 100]) {
    http = rulesOf([100 - percent, percent], http);
    const owners = ownersOf(http);
    const has = new Set(
      applicants.flatMap((bucket, i) => (owners[Number(bucket)] === "check-advanced" ? [i] : [])),
    );
    expect([...had].filter((applicant) => !has.has(applicant))).toEqual([]);
    const expected = (applicants.length * percent) / 100;
    const deviation = Math.sqrt((expected * (100 - percent)) / 100);
    expect(Math.abs(has.size - expected)).toBeLessThanOrEqual(4 * deviation);
    had = has;
  }
  expect(had.size).toBe(applicants.length);
});
