import { Check } from "typebox/schema";
import { EXIT, Failure } from "../../exit.ts";
import { lastOf, type Saved } from "../../rollout/journal/journal.ts";
import { isOver } from "../../rollout/machine/state.ts";
import { writeReport } from "../../rollout/report/write.ts";
import { Checkpoint } from "../../rollout/run/timeline.ts";
import { emptyTally } from "../../rollout/run/tally.ts";
import { trafficJudge } from "../../rollout/run/traffic-judge.ts";
import { type RolloutView, viewOf } from "../../rollout/run/view.ts";
import { drawRollout } from "../../terminal/draw-rollout.ts";
import { styleFor } from "../../terminal/style.ts";
import type { RolloutFlags } from "./flags.ts";
import { contextOf } from "./context.ts";
import { print } from "../../text/print.ts";
import { printData } from "../../text/data.ts";

/** Shows a rollout as it is written down, whoever carries it out; or writes its report. The exit code. */
export async function showRollout(service: string, flags: RolloutFlags): Promise<number> {
  const site = await contextOf(service, flags);
  const saved = await site.journal.load();
  if (saved === undefined)
    throw new Failure(`No rollout of ${service} is written down in ${site.journal.place}.`, EXIT.usage);
  if (flags.report) {
    const files = await writeReport(site.reports, saved, Date.now());
    if (flags.output !== undefined) await printData(files, flags.output);
    else print(files.html);
    return EXIT.ok;
  }
  const view = viewOfSaved(saved, Date.now());
  const holder = await site.lock.holder();
  if (flags.output !== undefined) await printData({ ...view, holder }, flags.output);
  else {
    for (const { text, passing = "" } of drawRollout(view, styleFor(process.stdout)))
      print(`${text} ${passing}`.trimEnd());
    const state = lastOf(saved);
    if (holder !== undefined) print(`carried out by ${holder.who}`);
    else if (!isOver(state) || state.phase === "held")
      print(`nobody carries it out: ./kyc rollout ${service} --resume goes on, --abort goes back`);
  }
  return EXIT.ok;
}

/** A rollout as the journal and its checkpoint tell. */
function viewOfSaved(saved: Saved, nowMs: number): RolloutView {
  const { plan } = saved;
  const state = lastOf(saved);
  const checkpoint = Check(Checkpoint, saved.checkpoint) ? saved.checkpoint : undefined;
  const next = plan.steps[Math.min(state.step + 1, plan.steps.length - 1)]?.percent ?? 100;
  const ruling = checkpoint && trafficJudge(plan.settings, checkpoint.judge).ruling(next / 100);
  return viewOf(plan, state, nowMs, {
    tally: checkpoint?.tally ?? emptyTally(),
    atStep: checkpoint?.atStep ?? { candidate: 0, both: 0 },
    ruling,
  });
}
