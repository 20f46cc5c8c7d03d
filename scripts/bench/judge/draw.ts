import { count, digits, percent } from "../../format.ts";
import { drawFigures, type Marks } from "../figure.ts";
import type { BenchResult } from "./bench.ts";
import { CONTESTANTS } from "./contestant.ts";
import type { Cell, Result } from "./summary.ts";

/** Draws the result: false rollbacks of good candidates, the detection of bad ones, and the targets. */
export function drawBench({ cells, figures }: BenchResult, marks: Marks): string[] {
  const good = cells.filter(({ kind }) => kind === "good");
  const bad = cells.filter(({ kind }) => kind === "bad");
  return [
    ...section("Good candidates: rolled back within 2 h (within 10 min)", good, falseAlarms, marks),
    ...section("Bad candidates: found within 2 h, median time, requests harmed", bad, detection, marks),
    ...drawFigures(figures, marks),
  ];
}

/** The result of a judge for good candidates, as short text. */
export function falseAlarms({ rolledBack, rolledBackShort }: Result, runs: number): string {
  return rolledBack === 0 ? "0 %" : `${percent(rolledBack / runs)} (${percent(rolledBackShort / runs)})`;
}

/** The result of a judge for bad candidates. */
export function detection({ rolledBack, rollbackAt, harmed }: Result, runs: number): string {
  const time = rollbackAt.p50 === null ? "-" : `${digits(rollbackAt.p50)} s`;
  return `${percent(rolledBack / runs)} ${time} ${harm(harmed)}`;
}

function section(
  title: string,
  cells: readonly Cell[],
  tell: (result: Result, runs: number) => string,
  marks: Marks,
): string[] {
  if (cells.length === 0) return [];
  const head = ["scenario", "load", "runs", ...CONTESTANTS];
  const rows = cells.map((cell, i) => [
    cell.scenario === cells[i - 1]?.scenario ? "" : cell.scenario,
    `${cell.load}/s`,
    String(cell.runs),
    ...CONTESTANTS.map((name) => tell(cell.results[name], cell.runs)),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join("  ");
  return [marks.bold(title), marks.dim(line(head)), ...rows.map(line), ""];
}

/** Formats a mean number of requests: whole, or with three digits below 1 000. */
export function harm(value: number): string {
  return value >= 1000 ? count(value) : digits(value);
}
