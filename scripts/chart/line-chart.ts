import { h, type Spec } from "../text/html.ts";
import { type Area, baseAxis, curvePath, label, picture, valueAxis } from "./parts.ts";
import { linear, type Tick } from "./scale.ts";

/** A curve. Dashes and a label distinguish it, never colour alone. */
export interface Curve {
  label: string;
  /** The number of its colour in the page's style. */
  ink: 1 | 2 | 3;
  dash: string;
  points: readonly { x: number; y: number }[];
  /** Whether a value stays until the next point. */
  stepped?: boolean;
}

export interface LineChart {
  title: string;
  /** The text alternative of the chart. */
  about: string;
  curves: readonly Curve[];
  xTicks: readonly Tick[];
  yTicks: readonly Tick[];
  /** A value at which something is decided. */
  threshold?: Tick;
}

const [WIDTH, HEIGHT] = [420, 230];
const AREA: Area = { left: 46, right: 408, top: 40, bottom: 196 };

/** Curves over two axes, with a legend above. It can be printed, and read without colour. */
export function lineChart({ title, about, curves, xTicks, yTicks, threshold }: LineChart): Spec {
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
    ...curves.map((curve) => {
      const path = curvePath(
        curve.points.map((point) => [x(point.x), y(point.y)]),
        curve.stepped,
      );
      return h("path", { ...inkOf(curve), d: path });
    }),
    ...legend(curves),
  ]);
}

function thresholdLine({ label: text }: Tick, y: number): Spec[] {
  return [
    h("line", { class: "threshold", x1: AREA.left, x2: AREA.right, y1: y, y2: y }),
    label(AREA.left + 4, y - 5, text, "start", { class: "strong" }),
  ];
}

/** The curves' names, each behind a piece of its line. */
function legend(curves: readonly Curve[]): Spec[] {
  let at = AREA.left;
  let row = 14;
  return curves.flatMap((curve) => {
    const width = 40 + curve.label.length * 6.4;
    if (at + width > WIDTH) [at, row] = [AREA.left, row + 16];
    const x = at;
    at += width;
    return [
      h("line", { ...inkOf(curve), x1: x, x2: x + 26, y1: row - 4, y2: row - 4 }),
      label(x + 31, row, curve.label),
    ];
  });
}

function inkOf({ ink, dash }: Curve): { class: string; "stroke-dasharray": string | undefined } {
  return { class: `ink${ink}`, "stroke-dasharray": dash === "" ? undefined : dash };
}
