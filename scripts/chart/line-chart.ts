import { h, type Spec } from "../text/html.ts";
import { type Area, baseAxis, curvePath, label, picture, valueAxis } from "./parts.ts";
import { linear, type Scale, type Tick } from "./scale.ts";

/** A curve. Dashes and a label distinguish it, never colour alone. */
export interface Curve {
  label: string;
  /** The number of its colour in the page's style. */
  ink: 1 | 2 | 3;
  dash: string;
  points: readonly { x: number; y: number }[];
  /** Whether a value stays until the next point. */
  stepped?: boolean;
  /** Whether single points are drawn instead of a line, because they are too few for one. */
  dotted?: boolean;
}

export interface LineChart {
  title: string;
  /** The text alternative of the chart. */
  about: string;
  curves: readonly Curve[];
  xTicks: readonly Tick[];
  yTicks: readonly Tick[];
  /** The label of the horizontal axis, with its unit. */
  xAxis?: string;
  /** Events, drawn as vertical lines. */
  marks?: readonly Tick[];
  /** The value of a threshold, and whether exceeding it is good. */
  threshold?: Tick & { good?: boolean };
}

const [WIDTH, HEIGHT] = [420, 236];
const AREA: Area = { left: 46, right: 408, top: 48, bottom: 196 };

/** Curves over two axes, with a legend above. Readable in print and without colour. */
export function lineChart(chart: LineChart): Spec {
  const { title, about, curves, xTicks, yTicks, xAxis, marks = [], threshold } = chart;
  const points = curves.flatMap((curve) => curve.points);
  const xs = [...points.map(({ x }) => x), ...xTicks.map(({ at }) => at)];
  const ys = [...points.map(({ y }) => y), ...yTicks.map(({ at }) => at)];
  // Room for the threshold's label above its line.
  if (threshold !== undefined) ys.push(threshold.at * 1.05);
  const x = linear([Math.min(...xs), Math.max(...xs)], [AREA.left, AREA.right]);
  const y = linear([Math.min(0, ...ys), Math.max(...ys)], [AREA.bottom, AREA.top]);
  return picture([WIDTH, HEIGHT], `${title}. ${about}`, [
    ...valueAxis(yTicks, y, AREA),
    ...baseAxis(xTicks, x, AREA),
    ...(threshold === undefined ? [] : thresholdLine(threshold, y(threshold.at))),
    ...markLines(marks, x),
    xAxis !== undefined && label((AREA.left + AREA.right) / 2, HEIGHT - 3, xAxis, "middle"),
    ...curves.flatMap((curve) => {
      if (curve.dotted) return curve.points.map((point) => dot(curve, x(point.x), y(point.y)));
      const path = curvePath(
        curve.points.map((point) => [x(point.x), y(point.y)]),
        curve.stepped,
      );
      return h("path", { ...inkOf(curve), d: path });
    }),
    ...legend(curves),
  ]);
}

function thresholdLine({ label: text, good }: Tick & { good?: boolean }, y: number): Spec[] {
  const kind = good ? " good" : "";
  return [
    h("line", { class: `threshold${kind}`, x1: AREA.left, x2: AREA.right, y1: y, y2: y }),
    label(AREA.left + 4, y - 5, text, "start", { class: `strong${kind}` }),
  ];
}

/** Vertical lines at events. A label that would overlap the previous one is omitted. */
function markLines(marks: readonly Tick[], x: Scale): Spec[] {
  let free = AREA.left;
  return marks.flatMap(({ at, label: text }) => {
    const place = x(at);
    const line = h("line", { class: "mark", x1: place, x2: place, y1: AREA.top, y2: AREA.bottom });
    const width = text.length * 7;
    if (place + 3 < free || place + width > WIDTH) return [line];
    free = place + 3 + width;
    return [line, label(place + 3, AREA.top - 2, text, "start", { class: "mark-label" })];
  });
}

/** A single point: round for the first colour, square for the others. */
function dot({ ink }: Curve, x: number, y: number): Spec {
  return ink === 1
    ? h("circle", { class: `dot ink${ink}`, cx: x, cy: y, r: 3.5 })
    : h("rect", { class: `dot ink${ink}`, x: x - 3, y: y - 3, width: 6, height: 6 });
}

/** The curves' names, each after a sample of its line. */
function legend(curves: readonly Curve[]): Spec[] {
  let at = AREA.left;
  let row = 14;
  return curves.flatMap((curve) => {
    const width = 40 + curve.label.length * 6.4;
    if (at + width > WIDTH) [at, row] = [AREA.left, row + 16];
    const x = at;
    at += width;
    return [
      curve.dotted
        ? dot(curve, x + 13, row - 4)
        : h("line", { ...inkOf(curve), x1: x, x2: x + 26, y1: row - 4, y2: row - 4 }),
      label(x + 31, row, curve.label),
    ];
  });
}

function inkOf({ ink, dash }: Curve): { class: string; "stroke-dasharray": string | undefined } {
  return { class: `ink${ink}`, "stroke-dasharray": dash === "" ? undefined : dash };
}
