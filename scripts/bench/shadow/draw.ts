import { count, percent } from "../../format.ts";
import { drawFigures, type Marks } from "../figure.ts";
import type { ShadowBench } from "./bench.ts";

/** Draws the results of both rules for the same versions, and the targets. */
export function drawShadowBench({ runs, cells, segments, figures }: ShadowBench, marks: Marks): string[] {
  const head = ["limit 0.1 %", "accepted", "rejected", "pairs", "Diffy flags", "at some look"];
  const rows = cells.map(({ scenario, accepted, rejected, medianPairs, diffy }) => [
    scenario,
    percent(accepted),
    percent(rejected),
    medianPairs === null ? "-" : count(medianPairs),
    percent(diffy.flaggedAtEnd),
    percent(diffy.flaggedEver),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join("  ");
  return [
    marks.bold(`${count(runs)} comparisons of each kind`),
    marks.dim(line(head)),
    ...rows.map(line),
    marks.dim(
      "Diffy: relative threshold 20 %, absolute 0.03 %, after 10 000 requests, or at any look before",
    ),
    "",
    marks.bold(`Segments, ${count(segments.pairs)} pairs in all`),
    `named ${percent(segments.named)}, falsely named ${percent(segments.falseNames)}`,
    "",
    ...drawFigures(figures, marks),
  ];
}
