import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { interleave, median, ratio, type Sample } from "./rounds.ts";

const sample = (rps: number, perCpuSecond?: number): Sample => ({
  requests: rps * 2,
  rps,
  p50: 1000 / rps,
  p99: 5000 / rps,
  failed: 1,
  perCpuSecond,
});

describe("sides of a comparison", () => {
  test("are measured in turn, each once in a round", async () => {
    const order: string[] = [];
    const results = await interleave(["a", "b"], 3, async (side, round) => {
      order.push(`${round}${side}`);
      return sample((side + 1) * 100 + round);
    });
    expect(order).toEqual(["00", "01", "10", "11", "20", "21"]);
    expect(results.map(({ name, median: { rps, failed } }) => [name, rps, failed])).toEqual([
      ["a", 101, 3],
      ["b", 201, 3],
    ]);
  });

  test("are compared round by round, so that a slow round counts no more than another", async () => {
    const speed = [1, 0.1, 2];
    const [a, b] = await interleave(["a", "b"], 3, async (side, round) => {
      return sample((side === 0 ? 80 : 100) * (speed[round] ?? 1));
    });
    if (a === undefined || b === undefined) throw new Error("a side is missing");
    expect(ratio(a, b, ({ rps }) => rps)).toBeCloseTo(0.8, 10);
    expect(ratio(a, b, ({ perCpuSecond }) => perCpuSecond)).toBeUndefined();
  });
});

test("a median lies between its values, half on each side", () => {
  expect([median([3]), median([4, 1]), median([9, 1, 5])]).toEqual([3, 2.5, 5]);
  expect(() => median([])).toThrow(RangeError);
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
    }),
  );
});
