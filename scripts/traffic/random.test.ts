import { describe, expect, test } from "bun:test";
import { mixedSeed, seededRandom } from "./random.ts";
import { chiSquareLimit, chiSquare } from "./testing/chi-square.ts";

const SMALL_SEEDS = Array.from({ length: 21 }, (_, seed) => seed);

describe("a seeded generator", () => {
  test("yields the same numbers for the same seed, and different ones for another", () => {
    expect(take(7, 50)).toEqual(take(7, 50));
    const firsts = [...SMALL_SEEDS, -1, 2 ** 31 - 1].map((seed) => take(seed, 1)[0]);
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  // The documentation of --seed promises repeatable runs, on any machine and with any later version.
  test("always yields these numbers for seed 7", () => {
    expect(take(7, 3)).toEqual([0.521951834205538, 0.32851707469671965, 0.056094804778695107]);
  });

  test("yields numbers from 0 inclusive to 1 exclusive", () => {
    for (const seed of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      for (const number of take(seed, 2_000)) {
        expect(number).toBeGreaterThanOrEqual(0);
        expect(number).toBeLessThan(1);
      }
    }
  });

  test.each(SMALL_SEEDS)("fills twenty boxes evenly for seed %d", (seed) => {
    const boxes = new Array<number>(20).fill(0);
    for (const number of take(seed, 4_000)) {
      const box = Math.floor(number * 20);
      boxes[box] = (boxes[box] as number) + 1;
    }
    expect(
      chiSquare(
        boxes,
        boxes.map(() => 1),
      ),
    ).toBeLessThan(chiSquareLimit(19));
  });

  test("is even from the start: the first draws of a thousand small seeds are uniform", () => {
    for (const draw of [0, 1, 2]) {
      const boxes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
      for (let seed = 0; seed < 1000; seed++) {
        const box = Math.floor((take(seed, 3)[draw] as number) * 10);
        boxes[box] = (boxes[box] as number) + 1;
      }
      expect(
        chiSquare(
          boxes,
          boxes.map(() => 1),
        ),
      ).toBeLessThan(chiSquareLimit(9));
    }
  });
});

test("mixed seeds yield uncorrelated numbers for neighbours", () => {
  const runs = 20_000;
  for (const [draw, distance] of [
    [0, 1],
    [0, 2],
    [1, 1],
    [5, 3],
  ] as const) {
    let sum = 0;
    for (let seed = 0; seed < runs; seed++) {
      const [one, other] = [seed, seed + distance].map((each) => take(mixedSeed(each), draw + 1)[draw] ?? 0);
      sum += ((one ?? 0) - 0.5) * ((other ?? 0) - 0.5);
    }
    // The variance of a uniform number is 1/12; four standard errors. Without mixing it is 0.1 to 0.3.
    expect(Math.abs((12 * sum) / runs)).toBeLessThan(4 / Math.sqrt(runs));
  }
});

function take(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
}
