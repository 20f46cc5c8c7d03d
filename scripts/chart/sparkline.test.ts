import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ms } from "../format.ts";
import { textOf } from "../text/html.ts";
import { curvePath } from "./parts.ts";
import { pointsOf, sparkline } from "./sparkline.ts";

const linePath = (values: readonly (number | null)[], max: number): string =>
  curvePath(pointsOf(values, max));

describe("a chart", () => {
  test("draws a line from left to right, the highest value at the top", () => {
    expect(linePath([0, 5, 10], 10)).toBe("M0 55h0.5L120 28L240 1");
  });

  test("has a gap if there is no value, and shows a single value", () => {
    expect(linePath([null, 10, null], 10)).toBe("M120 1h0.5");
    expect(linePath([null, null], 10)).toBe("");
  });

  test("has a title, a scale, a legend and a time axis, and a text alternative with the last and the highest value", () => {
    const spec = sparkline({
      label: "latency",
      lines: [{ name: "median", values: [null, 30, 20] }],
      time: { from: "5 min ago", to: "now", inWords: "last five minutes" },
      text: ms,
      atLeast: 1,
    });
    expect(textOf(spec)).toBe("latency0 to 30 msmedian5 min agonow");
    expect(JSON.stringify(spec)).toContain("latency, last five minutes. median: last 20 ms, highest 30 ms");
  });

  test("stays within its frame for any values", () => {
    const values = fc.array(fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(values, (series) => {
        const path = linePath(series, Math.max(1, ...series.map((value) => value ?? 0)));
        for (const [, x, y] of path.matchAll(/[ML]([-0-9.]+) ([-0-9.]+)/g)) {
          expect(Number(x) >= 0 && Number(x) <= 240).toBe(true);
          expect(Number(y) >= 0 && Number(y) <= 56).toBe(true);
        }
      }),
    );
  });
});
