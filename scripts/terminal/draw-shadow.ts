import { count, counted, percent } from "../format.ts";
import type { AssessedCriterion, Assessment, Verdict } from "../shadow/assess.ts";
import type { ShadowCounts } from "../shadow/counts.ts";
import { criterionText } from "../shadow/criteria.ts";
import { foundLines, intervalText, noteLines, rateText } from "../shadow/notes.ts";
import type { Style } from "./style.ts";

/** Draws the current verdict of a comparison, as a table with notes. */
export function drawShadow(
  counts: ShadowCounts,
  { criteria, named, verdict, because }: Assessment,
  style: Style,
): string[] {
  const head = [
    "limit",
    "pairs",
    "candidate alone",
    "control alone",
    "rate beyond noise",
    "99 % interval",
    "",
  ];
  const rows = criteria.map((criterion) => [
    criterionText(criterion),
    count(criterion.tally.pairs),
    count(criterion.tally.candidate),
    count(criterion.tally.control),
    percent(criterion.rate.value),
    intervalText(criterion.rate),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ");
  return [
    `${mark(verdict, style)}: ${because}`,
    "",
    style.dim(line(head).trimEnd()),
    ...rows.map((row, i) => `${line(row)}  ${mark(criteria[i]?.verdict ?? "undecided", style)}`),
    ...namedLines(named, style),
    ...foundLines(counts),
    "",
    ...noteLines(counts).map((note) => style.dim(note)),
  ];
}

/** One line of a comparison, for a stream without cursor movement. */
export function drawShadowLine(
  { pairs }: ShadowCounts,
  { verdict, because }: Assessment,
  style: Style,
): string {
  return `${counted(pairs, "pair")}, ${mark(verdict, style)}: ${because}`;
}

/** The last mismatches, for a person who has the key of the hashes. */
export function drawMismatches({ mismatches }: ShadowCounts): string[] {
  return mismatches.map(
    ({ hash, atMs, changes }) =>
      `${new Date(atMs).toISOString().slice(11, 19)}  ${hash}  ${changes.join(", ")}`,
  );
}

function namedLines(named: Assessment["named"], style: Style): string[] {
  return named.map(({ segment, field, change, rate, limit }) =>
    style.warn(
      `${segment.field} ${segment.value}: ${field}.${change} ${rateText(rate)}, the limit is ${percent(limit)}`,
    ),
  );
}

function mark(verdict: AssessedCriterion["verdict"] | Verdict, style: Style): string {
  return { accepted: style.good, rejected: style.bad, undecided: style.warn }[verdict](verdict);
}
