import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { logAbove, logBelow, proportion } from "./bernoulli.ts";

const counts = fc
  .record({ total: fc.integer({ min: 0, max: 400 }), part: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ total, part }) => ({ total, hits: Math.round(total * part) }));
const limit = fc.double({ min: 0.002, max: 0.998, noNaN: true });
const part = fc.double({ min: 0, max: 1, noNaN: true });

describe("evidence for a probability below a limit", () => {
  test("is a fair game at the limit, and no better above it", () => {
    fc.assert(
      fc.property(counts, limit, part, ({ total, hits }, at, far) => {
        const p = at + (1 - at) * far;
        const now = logBelow(total, hits, at);
        fc.pre(now > Number.NEGATIVE_INFINITY);
        const hit = Math.exp(logBelow(total + 1, hits + 1, at) - now);
        const miss = Math.exp(logBelow(total + 1, hits, at) - now);
        expect(p * hit + (1 - p) * miss).toBeLessThanOrEqual(1 + 1e-6);
      }),
    );
  });

  test("is zero before the first request", () => {
    expect(logBelow(0, 0, 0.01)).toBe(0);
    expect(logAbove(0, 0, 0.01)).toBe(0);
  });

  test("grows with each request that does not fail", () => {
    expect(logBelow(1000, 0, 0.005)).toBeGreaterThan(Math.log(20));
    expect(logBelow(1000, 0, 0.005)).toBeGreaterThan(logBelow(900, 0, 0.005));
  });

  test("is evidence for more failures if the sides are swapped", () => {
    expect(logAbove(1000, 30, 0.01)).toBeGreaterThan(Math.log(1000));
    expect(logAbove(1000, 10, 0.01)).toBeLessThan(0);
  });
});

describe("the interval of a proportion", () => {
  test("contains the observed proportion, and shrinks with more requests", () => {
    fc.assert(
      fc.property(counts, fc.constantFrom(0.05, 0.01, 1e-5), ({ total, hits }, level) => {
        fc.pre(total > 0);
        const { low, value, high } = proportion(total, hits, level);
        expect(value).toBe(hits / total);
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
        const more = proportion(total * 10, hits * 10, level);
        expect(more.high - more.low).toBeLessThan(high - low);
      }),
    );
  });

  test("is [0, 1] before the first request", () => {
    expect(proportion(0, 0, 0.05)).toMatchObject({ low: 0, high: 1 });
  });

  // The probability of no failure in n requests is (1-p)^n: at p = 0.0125 and n = 800 it is 4e-5, far below the level
  // of 5 %.
  test("excludes improbable values", () => {
    expect(proportion(800, 0, 0.05).high).toBeLessThan(0.0125);
    expect(proportion(800, 0, 0.05).high).toBeGreaterThan(-Math.log(0.05) / 800);
  });
});
