import { percent } from "../format.ts";
import type { SplitRow, SplitView } from "../engines/split-view.ts";
import type { SplitTarget } from "../traffic/split/split.ts";
import { diffSplits, type TargetChange } from "../traffic/split/diff.ts";
import type { Style } from "./style.ts";

export interface DrawSplitOptions {
  style: Style;
  /** Milliseconds since the epoch. */
  nowMs: number;
}

/** Draws a split as planned, live and observed: a table, the last change, and the disagreements. */
export function drawSplit(view: SplitView, { style, nowMs }: DrawSplitOptions): string[] {
  const by = view.header === undefined ? "" : `, ${formOf(view.header)}`;
  const lines = [
    `${style.bold(view.service)}  by ${view.engine}${by}, ${view.place}`,
    "",
    ...table(view, style),
  ];
  if (view.observed === undefined) lines.push("", style.dim("Nothing runs here: ./kyc dev starts it."));
  else {
    const { requests, sinceMs } = view.observed;
    const seen = requests === 0 ? "no request" : requests === 1 ? "1 request" : `${requests} requests`;
    lines.push("", style.dim(`observed: ${seen} in ${timeFor(nowMs - sinceMs)}; intervals of 99.9 %`));
    lines.push(...applicants(view).map((line) => style.dim(line)));
  }
  if (view.changed !== undefined)
    lines.push(`set by ${view.changed.by}, ${timeFor(nowMs - view.changed.atMs)} ago`);
  if (view.lastChange !== undefined)
    lines.push(
      style.dim(
        `last change by this tool: ${view.lastChange.by}, ${timeFor(nowMs - view.lastChange.atMs)} ago`,
      ),
    );
  for (const { revision, reason, ready } of firstOfEach(view.rows)) {
    if (!ready && view.runs)
      lines.push(style.warn(`${revision} is not ready${reason === undefined ? "" : `: ${reason}`}`));
  }
  if (view.drift !== undefined) {
    lines.push("", style.warn(view.drift.what));
    for (const { why, command } of view.drift.proposals) lines.push(`  ${why}:`, `    ${command}`);
  }
  return lines;
}

/** The share of applicants of each revision, if buckets decide. */
function applicants({ header, rows }: SplitView): string[] {
  const seen = rows.flatMap(({ revision, observed }) =>
    observed?.ofApplicants === undefined ? [] : [`${revision} ${percent(observed.ofApplicants)}`],
  );
  if (seen.length > 0) return [`of applicants, by the buckets seen: ${[...new Set(seen)].join(", ")}`];
  if (header === undefined) return [];
  const live = rows.flatMap((row) =>
    row.live === undefined ? [] : [`${row.revision} ${percent(row.live / 100)}`],
  );
  return live.length === 0
    ? []
    : [
        `of applicants, by the live ranges: ${live.join(", ")}`,
        "The source counts requests and no buckets, so an applicant with many requests counts as many times.",
      ];
}

/** A change of a split, and its result. */
export interface ChangeView {
  service: string;
  engine: string;
  place: string;
  before: readonly SplitTarget[];
  after: readonly SplitTarget[];
  /** The headers whose buckets decide; undefined if the split is random. */
  header?: { before: string | undefined; after: string | undefined };
  changedShare: number;
  remainder: { revision: string; percent: number } | undefined;
  isDryRun?: boolean;
  writtenMs?: number;
  inForceMs?: number | undefined;
  nothingRuns?: string;
}

/** Draws a change target by target, and its result. */
export function drawChange(view: ChangeView, style: Style): string[] {
  const { before, after, remainder, changedShare } = view;
  const changes = diffSplits(before, after);
  const width = Math.max(...changes.map((change) => nameOf(change).length));
  const lines = [
    `${style.bold(view.service)}  by ${view.engine}, ${view.place}`,
    "",
    ...changes.map((change) => {
      const name = nameOf(change).padEnd(width);
      const text = `  ${name}  ${share(change.before)} → ${share(change.after)}`;
      return change.before === change.after ? style.dim(text) : text;
    }),
    "",
  ];
  const { header } = view;
  const isNewForm = header !== undefined && header.before !== header.after;
  if (isNewForm) lines.push(`${formOf(header.before)} → ${formOf(header.after)}`);
  if (remainder !== undefined)
    lines.push(`${remainder.revision} gets the ${remainder.percent} % that were left.`);
  lines.push(
    isNewForm
      ? "Callers are reassigned, so that some reach another revision than before."
      : changedShare === 0
        ? "No request reaches another revision than before."
        : `${round(changedShare)} % of the requests reach another revision than before.`,
    outcomeOf(view, changes, style),
  );
  return lines;
}

function outcomeOf(
  { isDryRun, writtenMs, inForceMs, nothingRuns, service }: ChangeView,
  changes: readonly TargetChange[],
  style: Style,
): string {
  if (isDryRun === true) return style.dim("Nothing was changed: this was a dry run.");
  if (writtenMs === undefined)
    return style.dim(
      changes.every(({ before, after }) => before === after)
        ? "It is so already."
        : "It means the same already.",
    );
  if (nothingRuns !== undefined) return `Written. ${nothingRuns}`;
  const undo = style.dim(`  (back: ./kyc split ${service} --undo)`);
  return `${style.good("In force")} after ${Math.round(writtenMs + (inForceMs ?? 0))} ms: ${Math.round(writtenMs)} ms to write it, ${Math.round(inForceMs ?? 0)} ms until every gateway had it.${undo}`;
}

interface Column {
  title: string;
  cell(row: SplitRow): string;
}

const COLUMNS: readonly Column[] = [
  { title: "revision", cell: ({ revision }) => revision },
  { title: "tag", cell: ({ tag }) => tag ?? "" },
  { title: "planned", cell: ({ planned }) => share(planned) },
  { title: "last change", cell: ({ last }) => share(last) },
  { title: "live", cell: ({ live }) => share(live) },
  {
    title: "observed",
    cell: ({ observed }) =>
      observed === undefined
        ? "–"
        : `${percent(observed.share)} (${percent(observed.low)} to ${percent(observed.high)})`,
  },
];
const LEFT = 2;

function table({ rows }: SplitView, style: Style): string[] {
  const cells = [
    COLUMNS.map(({ title }) => title),
    ...rows.map((row) => COLUMNS.map(({ cell }) => cell(row))),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const texts = cells.map((line) =>
    line
      .map((cell, i) => (i < LEFT ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  "),
  );
  return texts.map(
    (text, i) => `  ${(i === 0 ? style.dim(text) : isOdd(rows[i - 1]) ? style.warn(text) : text).trimEnd()}`,
  );
}

/** Whether the sides of a row disagree. */
function isOdd(row: SplitRow | undefined): boolean {
  return row !== undefined && row.live !== undefined && (row.planned ?? 0) !== row.live;
}

/** One row of each revision. */
function firstOfEach(rows: readonly SplitRow[]): SplitRow[] {
  return [...new Map(rows.map((row) => [row.revision, row])).values()];
}

function formOf(header: string | undefined): string {
  return header === undefined ? "by weights" : `by the buckets of ${header}`;
}

function nameOf({ revision, tag }: TargetChange): string {
  return tag === undefined ? revision : `${revision} (${tag})`;
}

function share(value: number | undefined): string {
  return value === undefined ? "–" : `${round(value)} %`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function timeFor(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
