import { h, type Spec } from "../text/html.ts";
import { type Area, baseAxis, label, picture, valueAxis } from "./parts.ts";
import { logarithmic, type Range, type Tick, tenth } from "./scale.ts";

/** A marker that distinguishes a series without colour: a path around 0, 0. Its index in the list is that of the colour. */
export interface Series {
  name: string;
  form: string;
}

/** A value with its spread. Null is beyond every value: it is drawn at `beyond`, above the axis. */
export interface Mark {
  /** The tooltip. */
  about: string;
  from: number | null;
  middle: number | null;
  to: number | null;
}

export interface RangeChart {
  about: string;
  series: readonly Series[];
  /** A mark for each series, in their order. */
  groups: readonly { label: string; marks: readonly Mark[] }[];
  /** The ends of the logarithmic scale of values, and the ticks on it. */
  values: Range;
  ticks: readonly Tick[];
  /** The label of the line above the scale. */
  beyond: string;
  /** The label of the groups. */
  axis: string;
}

const [WIDTH, HEIGHT] = [340, 230];
const AREA: Area = { left: 44, right: WIDTH - 8, top: 10, bottom: HEIGHT - 34 };
const BEYOND = AREA.top + 6;

/** Markers of several series in groups, each with a line for its spread, over a logarithmic axis. */
export function rangeChart({ about, series, groups, values, ticks, beyond, axis }: RangeChart): Spec {
  const band = (AREA.right - AREA.left) / Math.max(1, groups.length);
  const y = logarithmic(values, [AREA.bottom, AREA.top + 22]);
  const place = (value: number | null): number => (value === null ? BEYOND : y(value));
  const edges = groups.slice(1).map((_, i) => {
    return h("path", {
      class: "grid",
      d: `M${tenth(AREA.left + band * (i + 1))},${AREA.top}V${AREA.bottom}`,
    });
  });
  const bands = groups.map((group, i) => ({ at: AREA.left + band * (i + 0.5), label: group.label }));
  return picture([WIDTH, HEIGHT], about, [
    ...valueAxis(ticks, y, AREA),
    label(AREA.left - 6, BEYOND + 4, beyond, "end"),
    ...edges,
    ...baseAxis(bands, tenth, AREA, true),
    label((AREA.left + AREA.right) / 2, HEIGHT - 4, axis, "middle"),
    ...groups.flatMap(({ marks }, i) =>
      marks.map((mark, k) => {
        const x = tenth(AREA.left + band * (i + (k + 0.75) / (series.length + 0.5)));
        const middle = place(mark.middle);
        const from = mark.from === null ? middle : y(mark.from);
        return h(
          "g",
          {},
          h("title", {}, mark.about),
          h("path", { class: `range c${k}`, d: `M${x},${from}V${place(mark.to)}` }),
          formAt(series, k, x, middle),
        );
      }),
    ),
  ]);
}

/** The legend of such charts. */
export function seriesLegend(series: readonly Series[]): Spec {
  return h(
    "p",
    { class: "legend" },
    series.map(({ name }, k) =>
      h(
        "span",
        { class: "key" },
        h("svg", { viewBox: "-7 -7 14 14", "aria-hidden": "true" }, formAt(series, k, 0, 0)),
        name,
      ),
    ),
  );
}

function formAt(series: readonly Series[], k: number, x: number, y: number): Spec {
  return h("path", { class: `form c${k}`, transform: `translate(${x},${y})`, d: series[k]?.form });
}
