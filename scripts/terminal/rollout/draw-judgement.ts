import { digits, ms, percent } from "../../format.ts";
import type { ArmEvidence, Evidence } from "../../rollout/judge/types.ts";
import type { Judgement } from "../../rollout/judge/trace/trace.ts";
import type { Style } from "../style.ts";

const ROWS = 14;

/** Draws a verdict with its time and reason, and the evidence over time as a table. */
export function drawJudgement({ verdict, t, because, evidence }: Judgement, style: Style): string[] {
  const mark = { healthy: style.good, regressed: style.bad, undecided: style.warn }[verdict];
  const last = evidence.at(-1);
  const lines = [`${mark(verdict)} at ${digits(t)} s: ${because}`];
  if (last === undefined) return lines;
  lines.push("", ...drawTable(thinned(evidence), style));
  lines.push("", ...drawNotes(last, style));
  return lines;
}

function drawTable(points: readonly Evidence[], style: Style): string[] {
  const head = [
    "time",
    "share",
    "baseline",
    "errors",
    "p50",
    "p99",
    "candidate",
    "errors",
    "p50",
    "p99",
    "worse",
    "not worse",
  ];
  const rows = points.map((point) => [
    `${digits(point.t)} s`,
    percent(point.share),
    ...arm(point.baseline),
    ...arm(point.candidate),
    `${point.worse.peak.toFixed(1)} of ${point.worse.threshold.toFixed(1)}`,
    `${notWorse(point).toFixed(1)} of ${point.notWorse.threshold.toFixed(1)}`,
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  ");
  return [style.dim(line(head)), ...rows.map(line)];
}

function drawNotes({ excluded, gateway, misdirected }: Evidence, style: Style): string[] {
  const lines = [
    style.dim(
      "worse, not worse: the natural logarithm of the evidence so far, and what decides; by the least proved of errors, p50, p99",
    ),
  ];
  const kept = Object.entries(excluded).map(([reason, count]) => `${count} ${reason}`);
  if (kept.length > 0) lines.push(`not judged: ${kept.join(", ")}`);
  if (gateway.requests > 0) {
    lines.push(
      `answered by the gateway while the candidate had a share: ${gateway.requests}, ${gateway.failed} of them failed`,
    );
  }
  if (misdirected >= Math.log(1000)) lines.push(style.warn("requests are not split as the shares say"));
  return lines;
}

function arm({ requests, errors, median, p99 }: ArmEvidence): string[] {
  return [
    String(requests),
    errors === undefined ? "" : percent(errors.value),
    median === undefined ? "" : ms(median.value),
    p99 === undefined ? "" : ms(p99.value),
  ];
}

function notWorse({ notWorse: { tests } }: Evidence): number {
  return Math.max(0, Math.min(tests.errors, tests.median, tests.p99));
}

/** The first, the last, and as many in between as fit. */
function thinned(points: readonly Evidence[]): Evidence[] {
  if (points.length <= ROWS) return [...points];
  const step = (points.length - 1) / (ROWS - 1);
  return Array.from({ length: ROWS }, (_, i) => points[Math.round(i * step)]).filter(
    (point) => point !== undefined,
  );
}
