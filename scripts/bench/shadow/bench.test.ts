import { describe, expect, test } from "bun:test";
import { PLAIN } from "../../terminal/style.ts";
import { benchShadow } from "./bench.ts";
import { isFlagged } from "./diffy.ts";
import { drawShadowBench } from "./draw.ts";

describe("comparisons of simulated versions", () => {
  const result = benchShadow({ runs: 300, seed: 1 });

  test("reach the figures: quickly accepted, rarely wrong, and the flipped segment named", () => {
    expect(result.figures.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.cells.map(({ accepted }) => accepted > 0.95)).toEqual([true, false, false, false]);
    expect(result.cells.map(({ rejected }) => rejected > 0.95)).toEqual([false, false, true, false]);
  });

  test("are the same for the same seed", () => {
    const again = benchShadow({ runs: 20, seed: 3 });
    expect(benchShadow({ runs: 20, seed: 3 })).toEqual(again);
  });

  test("are drawn with each figure and the result of Diffy's rule", () => {
    const text = drawShadowBench(result, PLAIN).join("\n");
    for (const { name } of result.figures) expect(text).toContain(name);
    expect(text).not.toContain("MISSED");
    expect(text).toContain("Diffy flags");
  });
});

test("Diffy's rule needs both thresholds", () => {
  expect(isFlagged(10_000, 0, 0)).toBe(false);
  expect(isFlagged(10_000, 3, 0)).toBe(false);
  expect(isFlagged(10_000, 4, 0)).toBe(true);
  expect(isFlagged(10_000, 120, 100)).toBe(false);
  expect(isFlagged(10_000, 160, 100)).toBe(true);
});
