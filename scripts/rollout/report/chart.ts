import { escapeHtml } from "../../text/html.ts";

/** A curve. Dashes and a label distinguish it, never colour alone. */
export interface Curve {
  label: string;
  /** The colour's number: 1 or 2. */
  ink: 1 | 2 | 3;
  dash: string;
  points: readonly { x: number; y: number }[];
  /** Whether the value stays until the next point. */
  stepped?: boolean;
}

export interface Chart {
  title: string;
  /** The text alternative of the chart. */
  about: string;
  curves: readonly Curve[];
  xTicks: readonly { at: number; label: string }[];
  yTicks: readonly { at: number; label: string }[];
  /** The decision threshold. */
  threshold?: { at: number; label: string };
}

const [WIDTH, HEIGHT] = [420, 230];
const AREA = { left: 46, right: 408, top: 40, bottom: 196 };

/** Draws a chart as SVG, without scripts: it can be printed, and read without colour. */
export function drawChart({ title, about, curves, xTicks, yTicks, threshold }: Chart): string {
  const xs = [...curves.flatMap(({ points }) => points.map(({ x }) => x)), ...xTicks.map(({ at }) => at)];
  const ys = [
    ...curves.flatMap(({ points }) => points.map(({ y }) => y)),
    ...yTicks.map(({ at }) => at),
    ...(threshold === undefined ? [] : [threshold.at * 1.05]),
  ];
  const x = scale(Math.min(...xs), Math.max(...xs), AREA.left, AREA.right);
  const y = scale(Math.min(0, ...ys), Math.max(...ys), AREA.bottom, AREA.top);
  const parts = [
    ...yTicks.map(({ at, label }) => {
      const at_ = n(y(at));
      return `<line class="grid" x1="${AREA.left}" x2="${AREA.right}" y1="${at_}" y2="${at_}"/><text x="${AREA.left - 6}" y="${n(y(at) + 4)}" text-anchor="end">${escapeHtml(label)}</text>`;
    }),
    ...xTicks.map(
      ({ at, label }, i) =>
        `<text x="${n(x(at))}" y="${AREA.bottom + 16}" text-anchor="${i === 0 ? "start" : i === xTicks.length - 1 ? "end" : "middle"}">${escapeHtml(label)}</text>`,
    ),
    ...(threshold === undefined
      ? []
      : [
          `<line class="threshold" x1="${AREA.left}" x2="${AREA.right}" y1="${n(y(threshold.at))}" y2="${n(y(threshold.at))}"/>`,
          `<text class="strong" x="${AREA.left + 4}" y="${n(y(threshold.at) - 5)}">${escapeHtml(threshold.label)}</text>`,
        ]),
    ...curves.map((curve) => path(curve, x, y)),
    legend(curves),
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`${title}. ${about}`)}">${parts.join("")}</svg>`;
}

function path({ points, ink, dash, stepped = false }: Curve, x: Scale, y: Scale): string {
  const commands = points.map((point, i) => {
    const [px, py] = [n(x(point.x)), n(y(point.y))];
    if (i === 0) return `M${px} ${py}`;
    return stepped ? `H${px}V${py}` : `L${px} ${py}`;
  });
  return `<path class="ink${ink}" d="${commands.join("")}"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/>`;
}

/** The curves' names, each behind a piece of its line. */
function legend(curves: readonly Curve[]): string {
  let at = AREA.left;
  let row = 14;
  return curves
    .map(({ label, ink, dash }) => {
      const width = 40 + label.length * 6.4;
      if (at + width > WIDTH) [at, row] = [AREA.left, row + 16];
      const drawn = `<line class="ink${ink}" x1="${n(at)}" x2="${n(at + 26)}" y1="${row - 4}" y2="${row - 4}"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}/><text x="${n(at + 31)}" y="${row}">${escapeHtml(label)}</text>`;
      at += width;
      return drawn;
    })
    .join("");
}

type Scale = (value: number) => number;

function scale(from: number, to: number, start: number, end: number): Scale {
  const span = to - from || 1;
  return (value) => start + ((value - from) / span) * (end - start);
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
