import { h, type Spec } from "../text/html.ts";
import { curvePath, picture, type Point } from "./parts.ts";
import { linear } from "./scale.ts";

/** One line of a chart: a value for each step, null if there is none. */
export interface Line {
  /** The CSS class that sets its colour. */
  name: string;
  /** Its name in the legend. @default `name` */
  label?: string;
  values: readonly (number | null)[];
  /** Whether the space below is filled. */
  area?: boolean;
}

export interface Sparkline {
  /** The title, which also begins the description for screen readers. */
  label: string;
  lines: readonly Line[];
  /** The labels of the two ends of the time axis and, if marked, of its middle; and a description of the axis. */
  time: { from: string; middle?: string; to: string; inWords: string };
  /** Formats a value. */
  text(value: number): string;
  /** The lowest value at the top of the scale, so that tiny values are not drawn large. */
  atLeast: number;
}

const WIDTH = 240;
const HEIGHT = 56;

/** A small chart: title, scale and legend above, the ends of the time axis below. */
export function sparkline({ label, lines, time, text, atLeast }: Sparkline): Spec {
  const max = Math.max(atLeast, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const drawn = lines.flatMap(({ name, values, area }) => [
    area === true && h("path", { class: `area ${name}`, d: areaPath(values, max) }),
    h("path", { class: `line ${name}`, d: curvePath(pointsOf(values, max)) }),
  ]);
  return h(
    "figure",
    { class: "chart" },
    h(
      "figcaption",
      {},
      h("span", { class: "row" }, h("span", {}, label), h("span", { class: "quiet" }, `0 to ${text(max)}`)),
      h(
        "span",
        { class: "row legend" },
        lines.map((line) => h("span", { class: `key ${line.name}` }, labelOf(line))),
      ),
    ),
    picture(
      [WIDTH, HEIGHT],
      spoken(),
      [
        h("path", { class: "ground", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
        h("path", {
          class: "ground ticks",
          d: [0.5, WIDTH / 2, WIDTH - 0.5].map((x) => `M${x} 0V${HEIGHT}`).join(""),
        }),
        ...drawn,
      ],
      { preserveAspectRatio: "none" },
    ),
    h(
      "p",
      { class: "axis quiet", "aria-hidden": "true" },
      h("span", {}, time.from),
      h("span", {}, time.middle ?? ""),
      h("span", {}, time.to),
    ),
  );

  function spoken(): string {
    const parts = lines.map((line) => {
      const seen = line.values.filter((value) => value !== null);
      if (seen.length === 0) return `${labelOf(line)}: no value`;
      return `${labelOf(line)}: last ${text(seen.at(-1) ?? 0)}, highest ${text(Math.max(...seen))}`;
    });
    return `${label}, ${time.inWords}. ${parts.join("; ")}`;
  }
}

/** The points of a line's values, the first at the left edge and the last at the right. */
export function pointsOf(values: readonly (number | null)[], max: number): Point[] {
  const x = linear([0, values.length - 1], [0, WIDTH]);
  // Leaves room for half of the line's width at both ends.
  const y = linear([0, max], [HEIGHT - 1, 1]);
  return values.map((value, i) => (value === null ? undefined : [x(i), y(value)]));
}

function areaPath(values: readonly (number | null)[], max: number): string {
  const points = pointsOf(
    values.map((value) => value ?? 0),
    max,
  );
  const path = points.map((point) => (point === undefined ? "" : `L${point.join(" ")}`)).join("");
  return `M0 ${HEIGHT}${path}L${WIDTH} ${HEIGHT}Z`;
}

function labelOf({ name, label }: Line): string {
  return label ?? name;
}
