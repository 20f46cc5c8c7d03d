import { h, type Spec } from "./spec.ts";

/** One line of a chart: a value for each step, null where there is none. */
export interface Line {
  /** The CSS class that sets its colour. */
  name: string;
  /** Its name in the legend. @default `name` */
  label?: string;
  values: readonly (number | null)[];
  /** Whether the space below is filled. */
  area?: boolean;
}

export interface ChartOptions {
  /** The title, which also begins the description for screen readers. */
  label: string;
  lines: readonly Line[];
  /** Formats the value at the top of the scale. */
  top(max: number): string;
  /** The lowest value at the top of the scale, so that tiny values are not drawn large. */
  atLeast: number;
}

const WIDTH = 240;
const HEIGHT = 56;

/** A small chart of the last five minutes: title, scale and legend above, the ends of the time axis below. */
export function chart({ label, lines, top, atLeast }: ChartOptions): Spec {
  const max = Math.max(atLeast, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return h(
    "figure",
    { class: "chart" },
    h(
      "figcaption",
      {},
      h("span", { class: "row" }, h("span", {}, label), h("span", { class: "quiet" }, `0 to ${top(max)}`)),
      h(
        "span",
        { class: "row legend" },
        lines.map((line) => h("span", { class: `key ${line.name}` }, labelOf(line))),
      ),
    ),
    h(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": spoken(label, lines, top),
      },
      h("path", { class: "ground", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
      lines.flatMap(({ name, values, area }) => [
        area === true && h("path", { class: `area ${name}`, d: areaPath(values, max) }),
        h("path", { class: `line ${name}`, d: linePath(values, max) }),
      ]),
    ),
    h("p", { class: "axis quiet", "aria-hidden": "true" }, h("span", {}, "5 min ago"), h("span", {}, "now")),
  );
}

function labelOf({ name, label }: Line): string {
  return label ?? name;
}

/** The path of a line, with a gap where there is no value. */
export function linePath(values: readonly (number | null)[], max: number): string {
  let path = "";
  let drawing = false;
  for (const [i, value] of values.entries()) {
    if (value === null) {
      drawing = false;
      continue;
    }
    const point = `${x(i, values.length)} ${y(value, max)}`;
    // A single value would be a line of length 0, which is invisible.
    path += drawing ? `L${point}` : `M${point}h0.5`;
    drawing = true;
  }
  return path;
}

function areaPath(values: readonly (number | null)[], max: number): string {
  const points = values.map((value, i) => `L${x(i, values.length)} ${y(value ?? 0, max)}`).join("");
  return `M0 ${HEIGHT}${points}L${WIDTH} ${HEIGHT}Z`;
}

function x(index: number, count: number): number {
  return round(count < 2 ? 0 : (index * WIDTH) / (count - 1));
}

function y(value: number, max: number): number {
  // Leaves room for half of the line's width at both ends.
  return round(HEIGHT - 1 - (value / max) * (HEIGHT - 2));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function spoken(label: string, lines: readonly Line[], top: (value: number) => string): string {
  const parts = lines.map((line) => {
    const seen = line.values.filter((value) => value !== null);
    if (seen.length === 0) return `${labelOf(line)}: no value`;
    return `${labelOf(line)}: last ${top(seen.at(-1) ?? 0)}, highest ${top(Math.max(...seen))}`;
  });
  return `${label}, last five minutes. ${parts.join("; ")}`;
}
