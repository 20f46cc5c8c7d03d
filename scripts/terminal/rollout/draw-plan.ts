import type { StepForecast } from "../../rollout/plan/forecast.ts";
import type { Traffic } from "../../rollout/plan/look.ts";
import type { Plan } from "../../rollout/plan/plan.ts";
import { describeTargets } from "../../rollout/plan/targets.ts";
import { count, ms, percent, time } from "../../format.ts";
import type { Style } from "../style.ts";

/** Draws the plan of a rollout, and the expected evidence of each step. */
export function drawPlan(
  plan: Plan,
  traffic: Traffic | undefined,
  steps: readonly StepForecast[],
  style: Style,
): string[] {
  const { service, baseline, candidate, engine, place, source, original, settings } = plan;
  const lines = [
    `${style.bold(service)}  ${baseline} → ${candidate}  ${style.dim(`${engine}, ${place}`)}`,
    `now: ${describeTargets(original.targets)}`,
    traffic === undefined ? "traffic: not looked at" : trafficText(traffic),
    `outcomes: source ${source.name}, ${source.place}, at most ${time(source.lagMs)} late`,
    "",
    ...table(plan, steps, style),
    "",
    `Each step takes ${time(settings.stepMs)} at least. Undecided for ${time(settings.stepLimitMs)}: ${UNDECIDED[settings.onUndecided]}.`,
    `${bakeShare(settings.controlPercent)} it is judged for ${time(settings.bakeMs)} more; until then one command rolls it back.`,
    `A candidate that is no worse is rolled back with probability ${percent(settings.alpha)} at most, over all steps together.`,
  ];
  return lines;
}

const UNDECIDED = {
  hold: "it stops there and waits for a decision",
  advance: "it goes on",
  abort: "it goes back",
} as const;

function trafficText({ ms: looked, rps, errors, median, p99 }: Traffic): string {
  if (errors === undefined)
    return `traffic: no request in ${time(looked)}: without traffic nothing can be judged`;
  const latency = median === undefined ? "" : `, median ${ms(median)}, p99 ${ms(p99 ?? median)}`;
  return `traffic: ${Number(rps.toPrecision(3))} requests a second, ${percent(errors)} errors${latency} (seen for ${time(looked)})`;
}

function table(plan: Plan, steps: readonly StepForecast[], style: Style): string[] {
  const errors = steps.at(-1)?.detects.map((each) => each.errors) ?? [];
  const header = [
    "step",
    "split",
    "candidate's requests",
    ...errors.map((part) => (part === 1 ? "finds all errors in" : `finds ${percent(part)} errors in`)),
    "healthy in",
  ];
  const rows = steps.map(({ percent: p, candidatePerMinute, detects, healthyMs }, i) => {
    const split = describeTargets(plan.steps[i]?.targets ?? []);
    if (plan.steps[i]?.preview)
      return ["preview", split, "those that ask for it", ...errors.map(() => "–"), time(healthyMs)];
    return [
      `${p} %`,
      split,
      `${count(candidatePerMinute)} a minute`,
      ...detects.map((each) => (p === 100 ? "–" : time(each.ms))),
      p === 100 ? "–" : time(healthyMs),
    ];
  });
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const draw = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [style.dim(draw(header)), ...rows.map(draw)];
}

/** Without a control share, there is no baseline traffic to compare with at the end. */
function bakeShare(controlPercent = 0): string {
  return controlPercent === 0
    ? "With all traffic, and so without a comparison,"
    : `At ${100 - controlPercent} %, with ${controlPercent} % on the baseline,`;
}
