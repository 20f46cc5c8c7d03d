import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { excess, logAbove, logBelow, type Tally } from "./excess.ts";

const tally = fc
  .record({ pairs: fc.integer({ min: 1, max: 5000 }), candidate: fc.nat(200), control: fc.nat(200) })
  .filter(({ pairs, candidate, control }) => candidate + control <= pairs);
const limit = fc.double({ min: -0.5, max: 0.5, noNaN: true });

describe("the evidence about an excess", () => {
  test("of a pair gains nothing on average if the limit is the true rate", () => {
    fc.assert(
      fc.property(
        tally,
        fc.double({ min: 0.001, max: 0.4, noNaN: true }),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        (before, candidate, control) => {
          const truth = candidate - control;
          for (const log of [logBelow, logAbove]) {
            const gain = (more: Partial<Tally>): number =>
              Math.exp(log({ ...before, pairs: before.pairs + 1, ...more }, truth) - log(before, truth));
            if (log(before, truth) === Number.NEGATIVE_INFINITY) continue;
            const mean =
              candidate * gain({ candidate: before.candidate + 1 }) +
              control * gain({ control: before.control + 1 }) +
              (1 - candidate - control) * gain({});
            expect(mean).toBeCloseTo(1, 6);
          }
        },
      ),
    );
  });

  test("begins at none", () => {
    const nothing = { pairs: 0, candidate: 0, control: 0 };
    for (const log of [logBelow, logAbove]) expect(log(nothing, 0.001)).toBeCloseTo(0, 12);
    expect(excess(nothing, 0.01)).toEqual({ low: -1, value: 0, high: 1 });
  });

  test("is the stronger the further the limit is away", () => {
    fc.assert(
      fc.property(tally, limit, limit, (seen, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(logBelow(seen, high)).toBeGreaterThanOrEqual(logBelow(seen, low) - 1e-9);
        expect(logAbove(seen, low)).toBeGreaterThanOrEqual(logAbove(seen, high) - 1e-9);
      }),
    );
  });

  test("is never for both sides of a limit at once", () => {
    fc.assert(
      fc.property(tally, limit, (seen, at) => {
        expect(Math.min(logBelow(seen, at), logAbove(seen, at))).toBeLessThanOrEqual(1e-9);
      }),
    );
  });

  test("gives an interval that holds the rate, and is narrower with more pairs of the same kind", () => {
    fc.assert(
      fc.property(tally, (seen) => {
        const { low, value, high } = excess(seen, 0.01);
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
        const { pairs, candidate, control } = seen;
        const more = excess({ pairs: pairs * 20, candidate: candidate * 20, control: control * 20 }, 0.01);
        expect(more.high - more.low).toBeLessThan(high - low + 1e-9);
      }),
    );
  });

  test("cancels the control's noise: as many odd answers on either side are no excess", () => {
    const noisy = { pairs: 20_000, candidate: 400, control: 400 };
    expect(logAbove(noisy, 0.001)).toBeLessThan(0);
    const { low, high } = excess(noisy, 0.01);
    expect(low).toBeLessThan(0);
    expect(high).toBeLessThan(0.01);
    expect(logAbove({ ...noisy, control: 0 }, 0.001)).toBeGreaterThan(100);
  });
});
