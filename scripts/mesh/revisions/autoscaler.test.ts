import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Autoscaler } from "./autoscaler.ts";
import type { Scaling } from "./scaling.ts";

const SCALING: Scaling = {
  min: 0,
  max: 10,
  initial: 1,
  activation: 1,
  target: 10,
  limit: Number.POSITIVE_INFINITY,
  windowSeconds: 60,
  panicSeconds: 6,
  panicThreshold: 2,
  retentionSeconds: 0,
};

/** Returns the wanted number of processes after each second of this load, if it is always available at once. */
function run(scaling: Partial<Scaling>, load: readonly number[], ready = 1): number[] {
  const autoscaler = new Autoscaler({ ...SCALING, ...scaling });
  let now = ready;
  return load.map((underWay) => (now = autoscaler.next(underWay, now)));
}

const seconds = (count: number, underWay: number): number[] => Array.from({ length: count }, () => underWay);

describe("the number of processes of a revision", () => {
  test("follows from its load and the target of each process", () => {
    expect(run({}, seconds(5, 15))).toEqual([2, 2, 2, 2, 2]);
    expect(run({}, seconds(3, 10))).toEqual([1, 1, 1]);
  });

  test("is zero only after a whole window without requests", () => {
    expect(run({}, seconds(60, 0))).toEqual([...seconds(59, 1), 0]);
    expect(run({}, [...seconds(50, 0), 0.001, ...seconds(60, 0)])).toEqual([...seconds(110, 1), 0]);
  });

  test("is one while the last one is retained beyond the window", () => {
    expect(run({ retentionSeconds: 5 }, seconds(65, 0))).toEqual([...seconds(64, 1), 0]);
  });

  test("is at least min-scale and at most max-scale", () => {
    expect(run({ min: 2 }, seconds(200, 0), 2).at(-1)).toBe(2);
    expect(run({ max: 3 }, seconds(5, 1000)).at(-1)).toBe(3);
  });

  test("follows a burst at once, and does not shrink for a window after it", () => {
    const calm = seconds(60, 5);
    const wanted = run({}, [...calm, 240, ...seconds(66, 5)]);
    // The mean of the six seconds of a burst's window is (240 + 5 × 5) / 6, which needs 5 processes; two are not a
    // burst.
    expect(wanted[60]).toBe(5);
    expect(wanted.slice(61, 120).every((count) => count === 5)).toBe(true);
    expect(wanted.at(-1)).toBe(1);
  });

  test("follows a slow rise by the mean of the window", () => {
    const rising = Array.from({ length: 60 }, (_, i) => i / 5);
    expect(run({ panicThreshold: 10 }, rising).at(-1)).toBe(1);
    expect(run({ panicThreshold: 10 }, [...rising, ...seconds(60, 12)]).at(-1)).toBe(2);
  });

  test("falls by half at most at a time", () => {
    const autoscaler = new Autoscaler(SCALING);
    const wanted = [8, 4, 2, 1].map((ready) => autoscaler.next(1, ready));
    expect(wanted).toEqual([4, 2, 1, 1]);
  });

  test("starts without history after a restart", () => {
    const autoscaler = new Autoscaler(SCALING);
    for (let i = 0; i < 60; i++) autoscaler.next(0, 1);
    autoscaler.restart();
    expect(autoscaler.next(0, 1)).toBe(1);
  });

  test("is within its bounds for any load, and never zero while there are requests", () => {
    const load = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 500, noNaN: true })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(
        load,
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 3, max: 9 }),
        (values, min, max) => {
          const wanted = run({ min, max, windowSeconds: 6, panicSeconds: 1 }, values, Math.max(1, min));
          for (const [i, count] of wanted.entries()) {
            expect(count).toBeGreaterThanOrEqual((values[i] ?? 0) > 0 ? Math.max(1, min) : min);
            expect(count).toBeLessThanOrEqual(max);
          }
        },
      ),
    );
  });
});
