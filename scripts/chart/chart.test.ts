import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toHtml } from "../text/html.ts";
import { lineChart } from "./line-chart.ts";
import { rangeChart } from "./range-chart.ts";
import { linear, logarithmic, roundTicks } from "./scale.ts";

describe("a scale", () => {
  test("maps the ends of its values to the ends of its positions", () => {
    const down = linear([0, 50], [196, 40]);
    expect([down(0), down(25), down(50)]).toEqual([196, 118, 40]);
    const log = logarithmic([1, 1000], [0, 300]);
    expect([log(0), log(1), log(10), log(1000)]).toEqual([0, 0, 100, 300]);
  });

  test("of one value maps it to the beginning", () => {
    expect(linear([7, 7], [10, 20])(7)).toBe(10);
  });

  test("has round ticks from 0 to at least the highest value", () => {
    expect(roundTicks(37).map(({ label }) => label)).toEqual(["0", "10", "20", "30", "40"]);
    const most = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(most, (value) => {
        const ticks = roundTicks(value);
        expect(ticks.at(-1)?.at ?? 0).toBeGreaterThanOrEqual(value * (1 - 1e-9));
        expect(ticks.length).toBeLessThanOrEqual(6);
      }),
    );
  });
});

test("a line chart shows its curves, ticks, threshold and legend, and escapes text", () => {
  const markup = toHtml(
    lineChart({
      title: "Errors <so far>",
      about: "In percent.",
      curves: [
        {
          label: "a & b",
          ink: 1,
          dash: "7 4",
          points: [
            { x: 0, y: 0 },
            { x: 10, y: 2 },
          ],
        },
      ],
      xTicks: [
        { at: 0, label: "0 s" },
        { at: 10, label: "10 s" },
      ],
      yTicks: roundTicks(2),
      threshold: { at: 1, label: "rolled back" },
    }),
  );
  expect(markup).toContain('aria-label="Errors &lt;so far&gt;. In percent."');
  expect(markup).toContain(">a &amp; b</text>");
  expect(markup).toContain(">rolled back</text>");
  expect(markup).toContain('<path class="ink1" stroke-dasharray="7 4" d="M46 196h0.5L408 ');
});

test("a range chart draws values beyond the scale above it", () => {
  const [far, near] = [null, 10].map((middle) =>
    toHtml(
      rangeChart({
        about: "Times",
        series: [{ name: "one", form: "M-4,-4L4,4" }],
        groups: [{ label: "5", marks: [{ about: "one", from: 1, middle, to: null }] }],
        values: [1, 100],
        ticks: [{ at: 1, label: "1 s" }],
        beyond: "never",
        axis: "requests a second",
      }),
    ),
  );
  expect(far).toContain("translate(188,16)");
  expect(near).toContain("translate(188,114)");
});
