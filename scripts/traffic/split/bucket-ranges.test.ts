import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import {
  type BucketRange,
  BUCKETS,
  gapsAndOverlaps,
  percentOfRanges,
  rangesFor,
  rangesOf,
  regexOf,
} from "./bucket-ranges.ts";

const bucket = fc.nat(BUCKETS - 1);
const range = fc.tuple(bucket, bucket).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const hundredths = fc
  .array(fc.nat(BUCKETS), { minLength: 1, maxLength: 4 })
  .map((cuts) => [0, ...cuts.sort((a, b) => a - b), BUCKETS])
  .map((cuts) => cuts.slice(1).map((cut, i) => (cut - (cuts[i] ?? 0)) / 100));

function matcher(regex: string): (text: string) => boolean {
  const compiled = RE2JS.compile(regex);
  return (text) => compiled.matches(text);
}

describe("the regular expression of a range", () => {
  test.each<[number, number, string]>([
    [0, 9999, "[0-9]{4}"],
    [0, 999, "0[0-9]{3}"],
    [0, 99, "00[0-9]{2}"],
    [0, 2499, "[0-1][0-9]{3}|2[0-4][0-9]{2}"],
    [1000, 1000, "1000"],
    [995, 1004, "099[5-9]|100[0-4]"],
  ])("%i to %i is %s", (from, to, regex) => {
    expect(regexOf({ from, to })).toBe(regex);
  });

  test("matches exactly its buckets", () => {
    fc.assert(
      fc.property(range, (one) => {
        const matches = matcher(regexOf(one));
        expect(rangesOf(matches)).toEqual([one]);
        expect(["", "0", "00000", " 0000", "abcd"].filter(matches)).toEqual([]);
        expect(regexOf(one).split("|").length).toBeLessThanOrEqual(7);
      }),
      { numRuns: 60 },
    );
  });
});

describe("ranges by percents", () => {
  test("have these shares, and leave no gap or overlap", () => {
    fc.assert(
      fc.property(hundredths, (percents) => {
        const ranges = rangesFor(percents).map((one) => (one === undefined ? [] : [one]));
        expect(gapsAndOverlaps(ranges)).toEqual({ gaps: [], overlaps: [] });
        for (const [i, one] of ranges.entries())
          expect(percentOfRanges(one)).toBeCloseTo(percents[i] ?? 0, 6);
      }),
    );
  });

  test("take no bucket from a candidate whose share grows", () => {
    const steps = [0.01, 1, 5, 25, 50, 99.99, 100];
    const held = steps.map((percent) => rangesFor([100 - percent, percent])[1] as BucketRange);
    for (const [i, { from, to }] of held.entries()) {
      expect(from).toBe(0);
      expect(to).toBe(Math.round((steps[i] ?? 0) * 100) - 1);
    }
  });
});

test("gaps and overlaps are found", () => {
  expect(gapsAndOverlaps([[{ from: 0, to: 4999 }], [{ from: 4990, to: 9000 }]])).toEqual({
    gaps: [{ from: 9001, to: 9999 }],
    overlaps: [{ from: 4990, to: 4999 }],
  });
});
