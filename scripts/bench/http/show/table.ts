import { count } from "../../../format.ts";
import { type Comparison, type Report, written, writtenTarget } from "../report.ts";

/** Draws a run as text: the figures with their targets, then the measured sides. */
export function drawTable(report: Report): string {
  const figures = report.figures.map((of) => [
    of.met ? "yes" : "NO",
    of.name,
    written(of.value, of.unit),
    writtenTarget(of),
    of.note,
  ]);
  const lines = [
    ...(figures.length === 0 ? [] : table(["met", "figure", "value", "target", ""], figures)),
    ...report.comparisons.flatMap((comparison) => ["", comparison.title, ...drawSides(comparison)]),
    "",
    ...report.skipped.map((text) => `skipped: ${text}`),
    foot(report),
  ];
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** How the run was made, in a sentence. */
export function foot({ generator, rounds, seconds, machine, busy, at }: Report): string {
  const load =
    busy > 0.5
      ? ` The machine was busy before it began (load ${busy.toFixed(1)}): such figures mean little.`
      : "";
  return `${at}, ${machine.processor}, ${machine.cores} processors, Bun ${machine.bun}; medians of ${rounds} rounds of ${seconds} s by ${generator}.${load}`;
}

function drawSides({ sides }: Comparison): string[] {
  const rows = sides.map(({ name, median: { rps, p50, p99, perCpuSecond, failed } }) => [
    name,
    count(rps),
    written(p50, "ms"),
    written(p99, "ms"),
    perCpuSecond === undefined ? "-" : count(perCpuSecond),
    count(failed),
  ]);
  return table(["side", "requests/s", "median", "99th", "a processor second", "failed"], rows);
}

function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "));
}
