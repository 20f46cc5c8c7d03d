import { expect, test } from "bun:test";
import fc from "fast-check";
import { wilson } from "./wilson.ts";

test("the interval is wider than the published one for less certainty, and everything without counts", () => {
  // Newcombe 1998 (Statistics in Medicine 17:857-872), table I, gives 0.1 % to 16.7 % for 1 of 29 at 95 %.
  const { low, high } = wilson(1, 29);
  expect(low).toBeGreaterThan(0);
  expect(low).toBeLessThan(0.00612);
  expect(high).toBeGreaterThan(0.167);
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
});

test("the interval contains the observed share, is symmetric, and narrows with more requests", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (all, share) => {
        const count = Math.round(share * all);
        const { low, high } = wilson(count, all);
        expect(low).toBeLessThanOrEqual(count / all + 1e-12);
        expect(high).toBeGreaterThanOrEqual(count / all - 1e-12);
        expect(wilson(all - count, all).low).toBeCloseTo(1 - high, 9);
        const more = wilson(4 * count, 4 * all);
        expect(more.high - more.low).toBeLessThan(high - low);
      },
    ),
  );
});
