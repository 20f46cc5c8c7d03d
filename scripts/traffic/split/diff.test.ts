import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SplitTarget } from "./split.ts";
import { changedShare, diffSplits, sameSplit } from "./diff.ts";

function split(percents: Readonly<Record<string, number>>): SplitTarget[] {
  return Object.entries(percents).map(([tag, percent]) => ({
    revision: `check-${tag}`,
    tag,
    percent,
    latest: false,
  }));
}

describe("the difference of two splits", () => {
  test("is reported target by target", () => {
    expect(diffSplits(split({ a: 90, b: 10 }), split({ b: 20, c: 80 }))).toEqual([
      { revision: "check-a", tag: "a", before: 90, after: undefined },
      { revision: "check-b", tag: "b", before: 10, after: 20 },
      { revision: "check-c", tag: "c", before: undefined, after: 80 },
    ]);
  });

  test("as a share of requests is the gain of the growing revisions", () => {
    expect(changedShare(split({ a: 90, b: 10 }), split({ a: 60, b: 40 }))).toBe(30);
    expect(changedShare(split({ a: 100 }), split({ b: 100 }))).toBe(100);
  });

  test("is zero if only tags move, or the targets of one revision share differently", () => {
    const two = (first: number): SplitTarget[] => [
      { revision: "check-a", tag: "x", percent: first, latest: false },
      { revision: "check-a", tag: "y", percent: 100 - first, latest: false },
    ];
    expect(changedShare(two(30), two(80))).toBe(0);
    expect(sameSplit(two(30), two(80))).toBe(false);
  });

  const percents = fc.array(fc.nat(100), { minLength: 3, maxLength: 3 }).map(([x = 0, y = 0, z = 0]) => {
    const sum = x + y + z || 1;
    const a = Math.floor((100 * x) / sum);
    const b = Math.floor((100 * y) / sum);
    return split({ a, b, c: 100 - a - b });
  });

  test("is a distance: symmetric, nought only between equals, at most 100, and no way round is shorter", () => {
    fc.assert(
      fc.property(percents, percents, percents, (x, y, z) => {
        expect(changedShare(x, y)).toBe(changedShare(y, x));
        expect(changedShare(x, y) === 0).toBe(sameSplit(x, y));
        expect(changedShare(x, y)).toBeLessThanOrEqual(100);
        expect(changedShare(x, z)).toBeLessThanOrEqual(changedShare(x, y) + changedShare(y, z));
      }),
    );
  });
});
