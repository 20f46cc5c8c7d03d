import { h, type Spec } from "./spec.ts";

/** One line of a chart: a value for each step, null where there is none. */
export interface Line {
  /** The class that gives it its colour. */
  name: string;
  /** Its name in the legend. @default `name` */
  label?: string;
  values: readonly (number | null)[];
  /** Whether the space below is filled. */
  area?: boolean;
}

export interface ChartOptions {
  /** What a screen reader says of it. */
  label: string;
  lines: readonly Line[];
  /** The value at the top as text. */
  top(max: number): string;
  /** The smallest range that is shown, so that hardly anything does not look like much. */
  atLeast: number;
}

const WIDTH = 240;
const HEIGHT = 56;

/** A small chart of the last five minutes: its legend and the highest value above, the ends of the time axis below. */
export function chart({ label, lines, top, atLeast }: ChartOptions): Spec {
  const max = Math.max(atLeast, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return h(
    "figure",
    { class: "chart" },
    h(
      "figcaption",
      {},
      h(
        "span",
        {},
        label,
        lines.map((line) => h("span", { class: `key ${line.name}` }, line.label ?? line.name)),
      ),
      h("span", { class: "quiet" }, `to ${top(max)}`),
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

/** The path of a line; it breaks off where there is no value. */
export function linePath(values: readonly (number | null)[], max: number): string {
  let path = "";
  let drawing = false;
  for (const [i, value] of values.entries()) {
    if (value === null) {
      drawing = false;
      continue;
    }
    const point = `${x(i, values.length)} ${y(value, max)}`;
    // A value on its own would be a line without length, which nobody sees.
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
  // Half of a line's width stays free at either end.
  return round(HEIGHT - 1 - (value / max) * (HEIGHT - 2));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function spoken(label: string, lines: readonly Line[], top: (value: number) => string): string {
  const parts = lines.map(({ name, values }) => {
    const seen = values.filter((value) => value !== null);
    if (seen.length === 0) return `${name}: nothing`;
    return `${name}: last ${top(seen.at(-1) ?? 0)}, highest ${top(Math.max(...seen))}`;
  });
  return `${label}, last five minutes. ${parts.join("; ")}`;
}
