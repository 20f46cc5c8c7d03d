import { rangeChart, type Series, seriesLegend } from "../../../chart/range-chart.ts";
import { digits, percent, time } from "../../../format.ts";
import { toHtml } from "../../../text/html.ts";
import { CONTESTANTS, type ContestantName } from "../contestant.ts";
import { HORIZON } from "../scenarios.ts";
import type { Cell } from "../summary.ts";

const FORMS: Readonly<Record<ContestantName, string>> = {
  kyc: "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0",
  "kyc by steps": "M0,-5L5,0L0,5L-5,0Z",
  Flagger: "M0,-5L5,4L-5,4Z",
  "Argo Rollouts": "M-4,-4H4V4H-4Z",
  Kayenta: "M-4,-4L4,4M-4,4L4,-4",
};
const SERIES: readonly Series[] = CONTESTANTS.map((name) => ({ name, form: FORMS[name] }));

/** Seconds: the scale begins at one, and ends at the maximum duration of a rollout. */
const TIMES = [1, 10, 60, 600, 3600, HORIZON];

/** The time to find a bad candidate, by load: the median, and a line from the first to the last decile. */
export function timeChart(cells: readonly Cell[]): string {
  const chart = rangeChart({
    about: `Time to a rollback by load, ${cells[0]?.scenario ?? ""}`,
    series: SERIES,
    groups: cells.map((cell) => ({
      label: String(cell.load),
      marks: CONTESTANTS.map((name) => markOf(cell, name)),
    })),
    values: [1, HORIZON],
    ticks: TIMES.map((at) => ({ at, label: time(at * 1000) })),
    beyond: "never",
    axis: "requests a second",
  });
  return toHtml(chart);
}

/** The legend of all charts. */
export function legend(): string {
  return toHtml(seriesLegend(SERIES));
}

function markOf({ results, load, runs }: Cell, name: ContestantName) {
  const { rollbackAt, rolledBack } = results[name];
  const { p10, p50, p90 } = rollbackAt;
  const told = p50 === null ? "not found in most runs" : `half found after ${digits(p50)} s`;
  const about = `${name}, ${load}/s: ${told}; ${percent(rolledBack / Math.max(1, runs))} found within 2 h`;
  return { about, from: p10, middle: p50, to: p90 };
}
