import type { RolloutView, SideView } from "../../rollout/run/view.ts";
import { describeTargets } from "../../rollout/plan/targets.ts";
import { count, ms, percent, time } from "../../format.ts";
import type { LiveLine } from "../live-tree.ts";
import type { Style } from "../style.ts";

const BAR = 24;

/** Draws a rollout as a tree: the step, the shares, both revisions side by side, and the evidence against its threshold. */
export function drawRollout(view: RolloutView, style: Style): LiveLine[] {
  const over = view.phase === "promoted" || view.phase === "rolled back" || view.phase === "held";
  const lines: LiveLine[] = [head(view, style)];
  const row = (text: string, passing = ""): LiveLine => ({ text, passing });
  lines.push(row(`${style.dim("├──")} steps     ${drawSteps(view, style)}`));
  if (over) return [...lines, row(`${style.dim("└──")} ${why(view)}`), ...drawDiff(view, style)];
  lines.push(row(`${style.dim("├──")} share`, shareText(view)));
  for (const side of [view.candidate, view.baseline]) lines.push(sideLine(side, view, style));
  lines.push(...evidenceLines(view, style), ...checkLines(view, style));
  lines.push(row(`${style.dim("└──")} ${verdictText(view, style)}`, verdictPassing(view)));
  return lines;
}

function head(view: RolloutView, style: Style): LiveLine {
  const { service, candidate, baseline, engine, place, doing, phase } = view;
  const mark =
    phase === "promoted" ? style.good : phase === "rolled back" || phase === "held" ? style.bad : style.warn;
  return {
    text: `${style.bold(service)}  ${baseline.revision} → ${candidate.revision}  ${mark(doing)}`,
    passing: style.dim(`(${time(Math.max(1_000, view.atMs - view.sinceMs))}; ${engine}, ${place})`),
  };
}

/** The steps, done, current and remaining: `1 ✓  5 ✓  [10]  25  50  100 %`. */
function drawSteps({ steps }: RolloutView, style: Style): string {
  const words = steps.map(({ percent, state }) => {
    const p = percent === 0 ? "preview" : percent;
    if (state === "done") return style.good(`${p} ✓`);
    return state === "now" ? style.bold(`[${p}]`) : style.dim(String(p));
  });
  return `${words.join("  ")} %`;
}

function shareText({ share }: RolloutView): string {
  const seen =
    share.observed === undefined
      ? "none seen yet"
      : `${percent(share.observed / 100)} seen of ${count(share.requests)} requests`;
  return `    ${percent(share.planned / 100)} planned, ${seen}`;
}

function sideLine(side: SideView, view: RolloutView, style: Style): LiveLine {
  const width = Math.max(view.candidate.revision.length, view.baseline.revision.length);
  const errors = side.requests === 0 ? "" : ` (${percent(side.errors / side.requests)})`;
  const latency =
    side.median === undefined ? "" : `, median ${ms(side.median)}, p99 ${ms(side.p99 ?? side.median)}`;
  return {
    text: `${style.dim("├──")} ${side.revision.padEnd(width)}`,
    passing: `  ${count(side.requests)} requests, ${count(side.errors)} errors${errors}${latency}`,
  };
}

function evidenceLines({ ruling }: RolloutView, style: Style): LiveLine[] {
  return (ruling?.evidence ?? []).map(({ name, value, threshold }) => {
    const part = Math.max(0, Math.min(1, value / threshold));
    const full = Math.round(part * BAR);
    const paint = name === "worse" ? style.bad : style.good;
    const bar = `${paint("█".repeat(full))}${style.dim("░".repeat(BAR - full))}`;
    return {
      text: `${style.dim("├──")} ${name.padEnd("no slower median".length)}`,
      passing: `${bar} ${value.toFixed(1)} of ${threshold.toFixed(1)}`,
    };
  });
}

function checkLines({ ruling }: RolloutView, style: Style): LiveLine[] {
  return (ruling?.checks ?? []).map(({ name, value, threshold, says }) => ({
    text: `${style.dim("├──")} check ${name}`,
    passing: `  ${says} (${value.toFixed(1)} of ${threshold.toFixed(1)})`,
  }));
}

function verdictText(view: RolloutView, style: Style): string {
  const { ruling, paused } = view;
  if (ruling === undefined) return style.dim("nothing is judged yet");
  const mark = { healthy: style.good, regressed: style.bad, undecided: style.warn }[ruling.verdict];
  return `${mark(ruling.verdict)}${paused ? ", paused" : ""}`;
}

function verdictPassing({ verdictInMs, ruling }: RolloutView): string {
  if (ruling === undefined) return "";
  const next = verdictInMs === undefined ? "" : `the next step in about ${time(verdictInMs)}: `;
  return `– ${next}${ruling.because}`;
}

function why({ doing, reason, candidate, baseline }: RolloutView): string {
  const seen = `${count(candidate.requests)} requests of ${candidate.revision} with ${count(candidate.errors)} errors, ${count(baseline.requests)} of ${baseline.revision} with ${count(baseline.errors)}`;
  return `${doing}: ${reason} (${seen})`;
}

/** The original, written and live splits, if another writer changed the split. */
function drawDiff({ diff }: RolloutView, style: Style): LiveLine[] {
  if (diff === undefined) return [];
  const same = describeTargets(diff.planned) === describeTargets(diff.written);
  return [
    { text: `    planned  ${describeTargets(diff.planned)}` },
    { text: `    written  ${same ? style.dim("the same") : describeTargets(diff.written)}` },
    { text: `    live     ${style.warn(describeTargets(diff.live))}` },
  ];
}
