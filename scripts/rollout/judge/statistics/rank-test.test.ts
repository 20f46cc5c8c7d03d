import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SLOWER } from "../defaults.ts";
import { RankTest } from "./rank-test.ts";

interface Seen {
  value: number;
  candidate: boolean;
  share: number;
}

const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const value = fc.oneof(
  fc.double({ min: 0, max: 1000, noNaN: true }),
  // Many equal values, and some beyond all buckets.
  fc.constantFrom(0, 20, 20, 21, 1e11),
);
const seen: fc.Arbitrary<Seen> = fc.record({ value, candidate: fc.boolean(), share });
const past = fc.array(seen, { maxLength: 60 });
const enough = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.double({ min: 1, max: 200, noNaN: true }));

describe("bets on a shift", () => {
  test("have the whole wealth in total", () => {
    expect(SLOWER.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  });
});

describe("a test of ranks", () => {
  test("wins nothing on average while the candidate's values are stochastically no larger, for any learned state", () => {
    fc.assert(
      fc.property(
        past,
        share,
        fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 6 }),
        enough,
        (before, w, pairs, cap) => {
          // Pairs of equal probability in which the baseline's is the larger: all forms of stochastic order (Strassen
          // 1965).
          let sum = 0;
          for (const [a, b] of pairs) {
            sum += w * next(before, Math.min(a, b), true, w, cap);
            sum += (1 - w) * next(before, Math.max(a, b), false, w, cap);
          }
          const { value: now } = after(before);
          expect(sum / pairs.length).toBeLessThanOrEqual(now * (1 + 1e-9) + 1e-12);
        },
      ),
    );
  });

  test("wins on average if they are larger", () => {
    const won = [12, 18, 25, 35, 60].map((ms) => {
      const [candidate, baseline] = [knowing(spread(40, 1)), knowing(spread(40, 1))];
      candidate.observe(ms * 3, true, 0.5, Number.POSITIVE_INFINITY, 1, 0);
      baseline.observe(ms, false, 0.5, Number.POSITIVE_INFINITY, 1, 0);
      return (candidate.value + baseline.value) / 2;
    });
    expect(won.reduce((sum, one) => sum + one, 0) / won.length).toBeGreaterThan(1.05);
  });

  test("does not depend on the unit of the values", () => {
    fc.assert(
      fc.property(
        past.map((all) => all.map((one) => ({ ...one, value: Math.min(500, Math.max(1, one.value)) }))),
        (all) => {
          // Shifted by whole buckets.
          const moved = all.map((one) => ({ ...one, value: one.value * 1.02 ** 50 }));
          const [a, b] = [after(all).value, after(moved).value];
          // Values at the border of a bucket may fall to either side of it by rounding.
          const onBorder = all.some(({ value: ms }) => nearBorder(ms));
          if (!onBorder) expect(b / a).toBeCloseTo(1, 9);
        },
      ),
    );
  });

  test("never exceeds the sufficient value, and reaches it if possible", () => {
    const one = after(spread(100, 1));
    for (let i = 0; i < 60; i++) {
      one.observe(500, true, 0.5, 100, 1, 0);
      expect(one.value).toBeLessThanOrEqual(100 * (1 + 1e-9));
    }
    expect(one.value).toBeCloseTo(100, 6);
  });

  test("has no evidence before it has learned values to compare with", () => {
    const one = new RankTest(SLOWER, 0.1);
    one.observe(1000, true, 0.5, 100, 1, 0);
    expect(one.value).toBeCloseTo(1, 12);
  });

  test("forgets old values", () => {
    const one = knowing([...spread(40_000, 1), ...spread(80_000, 10)]);
    // Long among the old ones, short among the new ones: first against the candidate, then for it.
    one.observe(20 * 5, true, 0.5, Number.POSITIVE_INFINITY, 1, 0);
    expect(one.value).toBeLessThan(0.9);
  });

  test("is the same after a snapshot is restored", () => {
    fc.assert(
      fc.property(past, past, (before, later) => {
        const one = after(before);
        const other = new RankTest(SLOWER, 0.1);
        other.restore(JSON.parse(JSON.stringify(one.snapshot())));
        hear(one, later);
        hear(other, later);
        expect(other.snapshot()).toEqual(one.snapshot());
        expect(other.value).toBe(one.value);
      }),
    );
  });
});

/** Returns values around 20 times `factor`, of both revisions in turn. */
function spread(count: number, factor: number): Seen[] {
  return Array.from({ length: count }, (_, i) => ({
    value: 20 * factor * Math.exp(((i * 0.618_034) % 1) - 0.5),
    candidate: i % 2 === 0,
    share: 0.5,
  }));
}

function nearBorder(ms: number): boolean {
  const place = Math.log(ms / 0.1) / Math.log(1.02);
  return Math.abs(place - Math.round(place)) < 1e-6;
}

function hear(one: RankTest, all: readonly Seen[]): void {
  for (const { value: ms, candidate, share: w } of all) {
    one.observe(ms, candidate, w, Number.POSITIVE_INFINITY, 1, 0);
    one.learn(ms, candidate);
  }
}

/** Returns a test that has learned, and has not bet. */
function knowing(all: readonly Seen[]): RankTest {
  const one = new RankTest(SLOWER, 0.1);
  for (const { value: ms, candidate } of all) one.learn(ms, candidate);
  return one;
}

function after(before: readonly Seen[]): RankTest {
  const one = new RankTest(SLOWER, 0.1);
  hear(one, before);
  return one;
}

/** Returns the e-value after one more value. */
function next(before: readonly Seen[], ms: number, candidate: boolean, w: number, cap = Infinity): number {
  const one = after(before);
  one.observe(ms, candidate, w, cap, 1, 0);
  return one.value;
}
