import { count } from "../format.ts";
import { h, type Spec } from "../text/html.ts";
import { label, picture } from "./parts.ts";
import { linear } from "./scale.ts";

/** A bar: its length, and the single measurements that it is the median of. */
export interface Bar {
  name: string;
  value: number;
  each: readonly number[];
  /** Whether it is filled; the others are outlined, so that they can be distinguished without colour. */
  own: boolean;
}

const WIDTH = 343;
const ROW = 46;
const BAR = 18;

/** Horizontal bars with their values and a tick for each measurement, designed for a small phone and scalable. */
export function barChart(title: string, bars: readonly Bar[]): Spec {
  const most = Math.max(1, ...bars.flatMap(({ value, each }) => [value, ...each]));
  const length = linear([0, most], [0, WIDTH - 2]);
  const rows = bars.flatMap(({ name, value, each, own }, i) => {
    const y = i * ROW;
    const bold = { "font-weight": own ? "700" : undefined, stroke: "none" };
    const ticks = each.map((one) => {
      const x = length(one) + 1;
      return h("line", { x1: x, x2: x, y1: y + 20, y2: y + 20 + BAR + 4 });
    });
    return [
      label(1, y + 15, name, "start", bold),
      label(WIDTH - 1, y + 15, count(value), "end", bold),
      h("rect", {
        x: 1,
        y: y + 22,
        width: length(value),
        height: BAR,
        fill: own ? "currentColor" : "none",
        "fill-opacity": ".75",
      }),
      ...ticks,
    ];
  });
  const summary = bars.map(({ name, value }) => `${name} ${count(value)}`).join(", ");
  return picture([WIDTH, bars.length * ROW], `${title}: ${summary}`, rows, {
    fill: "currentColor",
    stroke: "currentColor",
    "stroke-width": 1,
    "font-size": 13,
  });
}
