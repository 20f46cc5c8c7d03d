import { CONTESTANTS, type ContestantName } from "../contestant.ts";
import { seconds } from "../draw.ts";
import { HORIZON } from "../scenarios.ts";
import type { Cell } from "../summary.ts";
import { escapeHtml } from "../../../text/html.ts";

const WIDTH = 340;
const HEIGHT = 230;
const LEFT = 44;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 34;
const FIRST_SECOND = 1;

/** Each contestant has a form of its own, so that a chart is read without colours: a path around 0, 0. */
const FORMS: Readonly<Record<ContestantName, string>> = {
  kyc: "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0",
  "kyc by steps": "M0,-5L5,0L0,5L-5,0Z",
  Flagger: "M0,-5L5,4L-5,4Z",
  "Argo Rollouts": "M-4,-4H4V4H-4Z",
  Kayenta: "M-4,-4L4,4M-4,4L4,-4",
};

/** How long it took to find a bad candidate, by load: the median, and a line from the first to the last tenth. */
export function timeChart(cells: readonly Cell[]): string {
  const band = (WIDTH - LEFT - RIGHT) / Math.max(1, cells.length);
  const marks = cells.flatMap((cell, i) =>
    CONTESTANTS.map((name, k) => {
      const x = LEFT + band * (i + (k + 0.75) / (CONTESTANTS.length + 0.5));
      return contestantMark(cell, name, x);
    }),
  );
  const title = `Time to a rollback by load, ${cells[0]?.scenario ?? ""}`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">${grid(cells, band)}${marks.join("")}</svg>`;
}

/** The legend of all charts. */
export function legend(): string {
  const items = CONTESTANTS.map(
    (name) =>
      `<span class="key"><svg viewBox="-7 -7 14 14" aria-hidden="true">${form(name, 0, 0)}</svg>${escapeHtml(name)}</span>`,
  );
  return `<p class="legend">${items.join("")}</p>`;
}

function grid(cells: readonly Cell[], band: number): string {
  const lines = [1, 10, 60, 600, 3600, HORIZON].map((t) => {
    const label = t < 60 ? `${t} s` : t < 3600 ? `${t / 60} min` : `${t / 3600} h`;
    return `<path class="grid" d="M${LEFT},${y(t)}H${WIDTH - RIGHT}"/><text x="${LEFT - 5}" y="${y(t) + 3}" text-anchor="end">${label}</text>`;
  });
  const never = TOP + 6;
  const loads = cells.map(({ load }, i) => {
    const x = LEFT + band * (i + 0.5);
    const edge =
      i === 0 ? "" : `<path class="grid" d="M${(LEFT + band * i).toFixed(1)},${TOP}V${HEIGHT - BOTTOM}"/>`;
    return `${edge}<text x="${x.toFixed(1)}" y="${HEIGHT - BOTTOM + 14}" text-anchor="middle">${load}</text>`;
  });
  const axis = `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">requests a second</text>`;
  return `${lines.join("")}<text x="${LEFT - 5}" y="${never + 3}" text-anchor="end">never</text>${loads.join("")}${axis}`;
}

function contestantMark(cell: Cell, name: ContestantName, x: number): string {
  const { rollbackAt, rolledBack } = cell.results[name];
  const { p10, p50, p90 } = rollbackAt;
  const at = p50 === null ? TOP + 6 : y(p50);
  const from = p10 === null ? at : y(p10);
  const to = p90 === null ? TOP + 6 : y(p90);
  const told = p50 === null ? "not found in most runs" : `half found after ${seconds(p50)}`;
  const share = Math.round((100 * rolledBack) / Math.max(1, cell.runs));
  const tip = `${name}, ${cell.load}/s: ${told}; ${share} % found within 2 h`;
  const range = `<path class="range c${CONTESTANTS.indexOf(name)}" d="M${x.toFixed(1)},${from.toFixed(1)}V${to.toFixed(1)}"/>`;
  return `<g><title>${escapeHtml(tip)}</title>${range}${form(name, x, at)}</g>`;
}

function form(name: ContestantName, x: number, at: number): string {
  return `<path class="form c${CONTESTANTS.indexOf(name)}" transform="translate(${x.toFixed(1)},${at.toFixed(1)})" d="${FORMS[name]}"/>`;
}

/** Time on a logarithmic scale; "never" has a line of its own above. */
function y(t: number): number {
  const share = Math.log(Math.max(t, FIRST_SECOND) / FIRST_SECOND) / Math.log(HORIZON / FIRST_SECOND);
  const low = HEIGHT - BOTTOM;
  return Math.round((low - share * (low - TOP - 22)) * 10) / 10;
}
