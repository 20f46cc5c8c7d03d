import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  LIMITS,
  MORE_ERRORS,
  NO_MORE_ERRORS,
  NO_SLOWER_MEDIAN,
  NO_SLOWER_P99,
  SLOWER_P99,
} from "../defaults.ts";
import { type Bet, ShareTest } from "./share-test.ts";

const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const probability = fc.double({ min: 0, max: 1, noNaN: true });
const enough = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.double({ min: 1, max: 200, noNaN: true }));
const past = fc.array(fc.record({ marked: fc.boolean(), candidate: fc.boolean(), share }), { maxLength: 30 });

const ABOVE: [string, readonly Bet[], number][] = [
  ["more errors", MORE_ERRORS, 1],
  ["more errors, beyond twice as many", MORE_ERRORS.map((bet) => ({ ...bet, marked: bet.marked * 2 })), 2],
  ["slower at p99", SLOWER_P99, 1],
];
const BELOW: [string, readonly Bet[], number][] = [
  ["no more errors than twice as many", NO_MORE_ERRORS, 2],
  ["not slower at the median", NO_SLOWER_MEDIAN, 1],
  ["not slower at p99", NO_SLOWER_P99, 1],
];

describe.each([...ABOVE, ...BELOW])("bets on %s", (_, bets) => {
  test("have the whole wealth in total", () => {
    expect(bets.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  });
});

describe.each(ABOVE)("a test for %s", (_, bets, limit) => {
  test("wins nothing on average while the candidate is marked at most as often as the limit allows", () => {
    fc.assert(
      fc.property(
        past,
        share,
        probability,
        probability,
        enough,
        fc.boolean(),
        (before, w, p, part, cap, steady) => {
          const make = (): ShareTest => after(bets, limit, 0.1, before);
          const candidate = Math.min(1, limit * p) * part;
          const { value } = make();
          expect(expected(make, w, p, candidate, cap, steady)).toBeLessThanOrEqual(
            value * (1 + 1e-9) + 1e-12,
          );
        },
      ),
    );
  });
});

describe.each(BELOW)("a test for %s", (_, bets, limit) => {
  test("wins nothing on average while the candidate is marked at least as often as the limit", () => {
    fc.assert(
      fc.property(past, share, probability, probability, fc.boolean(), (before, w, p, part, steady) => {
        const make = (): ShareTest => after(bets, limit, 0, before);
        const baseline = p / limit;
        const candidate = baseline * limit + (1 - baseline * limit) * part;
        const { value } = make();
        expect(expected(make, w, baseline, candidate, Number.POSITIVE_INFINITY, steady)).toBeLessThanOrEqual(
          value * (1 + 1e-9) + 1e-12,
        );
      }),
    );
  });
});

describe("a test of shares", () => {
  test("wins nothing on average close to the sufficient value, beyond twice as many errors", () => {
    const bets = MORE_ERRORS.map((bet) => ({ ...bet, marked: bet.marked * 2 }));
    const make = (): ShareTest =>
      after(bets, 2, 0.1, Array(2).fill({ marked: true, candidate: true, share: 0.001 }));
    const { value } = make();
    for (const [w, p] of [
      [0.1, 0.49],
      [0.5, 0.1],
      [0.9, 0.3],
    ] as const)
      for (const cap of [1.01, 1.2, 2, 10])
        expect(expected(make, w, p, 2 * p, value * cap, true)).toBeLessThanOrEqual(value * (1 + 1e-9));
  });

  test("wins on average if the candidate is marked more often", () => {
    const make = (): ShareTest => new ShareTest({ bets: MORE_ERRORS, limit: 1, reserve: 0.02 });
    expect(expected(make, 0.1, 0.01, 0.1, Number.POSITIVE_INFINITY, true)).toBeGreaterThan(1.01);
  });

  test("never exceeds the sufficient value, and reaches it if possible", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), share, (marks, w) => {
        const one = new ShareTest({ bets: MORE_ERRORS, limit: 1, reserve: 0.02 });
        for (let i = 0; i < marks; i++) one.observe(true, true, w, 100, true, 0);
        expect(one.value).toBeLessThanOrEqual(100 * (1 + 1e-9));
      }),
    );
    const one = new ShareTest({ bets: MORE_ERRORS, limit: 1, reserve: 0.02 });
    for (let i = 0; i < 20; i++) one.observe(true, true, 0.1, 100, true, 0);
    expect(one.value).toBeCloseTo(100, 6);
  });

  test("does not bet on a request without a mark while a revision is silent", () => {
    const one = new ShareTest({ bets: MORE_ERRORS, limit: 1, reserve: 0.02 });
    for (let i = 0; i < 1000; i++) one.observe(false, false, 0.5, 100, false, 0);
    expect(one.value).toBeCloseTo(1, 12);
  });

  test("keeps its wealth when a portion of the reserve is added to the bets", () => {
    fc.assert(
      fc.property(past, fc.integer({ min: 1, max: 50 }), (before, portions) => {
        const one = after(MORE_ERRORS, 1, 0.3, before);
        const { value } = one;
        for (let i = 0; i < portions; i++) one.deposit();
        expect(one.value / value).toBeCloseTo(1, 9);
      }),
    );
  });

  test("is the same after a snapshot is restored", () => {
    fc.assert(
      fc.property(past, past, (before, later) => {
        const one = after(MORE_ERRORS, 1, 0.1, before);
        const other = new ShareTest({ bets: MORE_ERRORS, limit: 1, reserve: 0.1 });
        other.restore(JSON.parse(JSON.stringify(one.snapshot())));
        for (const { marked, candidate, share } of later) {
          one.observe(marked, candidate, share, 100, true, 0);
          other.observe(marked, candidate, share, 100, true, 0);
        }
        expect(other.snapshot()).toEqual(one.snapshot());
      }),
    );
  });

  test("has no more wealth with clusters counted as one than with each mark counted", () => {
    fc.assert(
      fc.property(
        past,
        fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 60 }),
        (all, waits) => {
          const limits = [{ seconds: 1, gain: Math.exp(2) }];
          const options = { bets: MORE_ERRORS, limit: 1, reserve: 0.1 };
          const one = new ShareTest({ ...options, clustered: true, limits });
          const each = new ShareTest(options);
          let t = 0;
          for (const [i, { marked, candidate, share }] of all.entries()) {
            t += waits[i % waits.length] as number;
            for (const test of [one, each]) {
              if (i % 7 === 6) test.deposit();
              test.observe(marked, candidate, share, Number.POSITIVE_INFINITY, true, t);
            }
            expect(one.value).toBeLessThanOrEqual(each.value * (1 + 1e-9));
          }
        },
      ),
    );
  });

  test.each([
    ["one after the other", 1],
    ["one of three", 3],
  ])("treats failures within one second as one piece of evidence: %s", (_, of) => {
    const one = new ShareTest({
      bets: MORE_ERRORS,
      limit: 1,
      reserve: 0.02,
      clustered: true,
      limits: LIMITS.errors,
    });
    for (let i = 0; i < 40; i++) one.observe(i % of === 0, true, 0.5, Number.POSITIVE_INFINITY, true, i / 40);
    expect(one.value).toBeLessThanOrEqual(3);
  });

  test("treats separate failures as separate evidence", () => {
    const one = new ShareTest({
      bets: MORE_ERRORS,
      limit: 1,
      reserve: 0.02,
      clustered: true,
      limits: LIMITS.errors,
    });
    for (let i = 0; i < 80; i++) one.observe(i % 10 === 0, true, 0.1, Number.POSITIVE_INFINITY, true, i);
    expect(one.value).toBeGreaterThan(1000);
  });

  test("counts each failure again after the longest mishap", () => {
    const one = new ShareTest({
      bets: MORE_ERRORS,
      limit: 1,
      reserve: 0.02,
      clustered: true,
      limits: LIMITS.errors,
    });
    const fail = (t: number): void => one.observe(true, true, 0.25, Number.POSITIVE_INFINITY, true, t);
    for (let t = 0; t <= 5; t += 0.25) fail(t);
    expect(withoutFull(one)).toBeLessThan(2);
    for (let t = 5.25; t <= 8; t += 0.25) fail(t);
    expect(withoutFull(one)).toBeGreaterThan(100);
  });

  test("stays finite for any gains and losses", () => {
    const one = new ShareTest({ bets: MORE_ERRORS, limit: 1, reserve: 0.02 });
    for (let i = 0; i < 5000; i++) one.observe(true, false, 0.5, Number.POSITIVE_INFINITY, true, 0);
    expect(one.value).toBeCloseTo(0.02, 9);
    one.deposit();
    for (let i = 0; i < 5000; i++) one.observe(true, true, 0.5, Number.POSITIVE_INFINITY, true, 0);
    expect(Number.isFinite(one.value)).toBe(true);
    expect(one.value).toBeGreaterThan(1e100);
  });
});

/** The wealth of the bets on marked requests alone, which cannot distinguish a mishap from a lasting failure. */
function withoutFull(one: ShareTest): number {
  return one
    .snapshot()
    .wealth.slice(2)
    .reduce((sum, wealth) => sum + wealth, 0);
}

function after(
  bets: readonly Bet[],
  limit: number,
  reserve: number,
  before: readonly { marked: boolean; candidate: boolean; share: number }[],
): ShareTest {
  const one = new ShareTest({ bets, limit, reserve });
  for (const { marked, candidate, share } of before) {
    one.observe(marked, candidate, share, Number.POSITIVE_INFINITY, true, 0);
  }
  return one;
}

/** Returns the expected value after one more request. */
function expected(
  make: () => ShareTest,
  w: number,
  baseline: number,
  candidate: number,
  cap: number,
  steady: boolean,
): number {
  let sum = 0;
  for (const ofCandidate of [true, false]) {
    for (const marked of [true, false]) {
      const p = ofCandidate ? candidate : baseline;
      const probability = (ofCandidate ? w : 1 - w) * (marked ? p : 1 - p);
      const one = make();
      one.observe(marked, ofCandidate, w, cap, steady, 0);
      sum += probability * one.value;
    }
  }
  return sum;
}
