import { EXIT, Failure } from "../../../exit.ts";
import { time } from "../../../format.ts";
import { lastOf, type Saved } from "../../../rollout/journal/journal.ts";
import type { Holder } from "../../../rollout/lock/lock.ts";
import { ownershipOf } from "../../../rollout/machine/drift.ts";
import { isOver, type LiveSplit } from "../../../rollout/machine/state.ts";
import { describeTargets, sameTargets } from "../../../rollout/plan/targets.ts";
import { writeReport } from "../../../rollout/report/write.ts";
import { isRollout, liveSplitOf } from "../../../rollout/run/effects.ts";
import { viewOfSaved } from "../../../rollout/run/saved-rollouts.ts";
import { drawRollout } from "../../../terminal/rollout/draw-rollout.ts";
import { styleFor } from "../../../terminal/style.ts";
import { printData } from "../../../text/data.ts";
import { print } from "../../../text/print.ts";
import { contextOf, type RolloutContext } from "../context.ts";
import type { RolloutFlags } from "../flags.ts";
import { waysOn } from "../next-step.ts";

/** Shows a rollout as its journal has it, with the process that runs it; or writes its report. The exit code. */
export async function showRollout(service: string, flags: RolloutFlags): Promise<number> {
  const context = await contextOf(service, flags);
  const saved = await context.journal.load();
  if (saved === undefined) throw new Failure(await withoutJournal(service, context), EXIT.usage);
  if (flags.report) {
    const files = await writeReport(context.reports, saved, Date.now());
    if (flags.output !== undefined) await printData(files, flags.output);
    else print(files.html);
    return EXIT.ok;
  }
  const nowMs = Date.now();
  const state = lastOf(saved);
  const isStanding = !isOver(state) || state.phase === "held";
  const [holder, read] = await Promise.all([
    context.lock.lastHolder(),
    context.engine.read().catch(() => undefined),
  ]);
  const live = read && liveSplitOf(read);
  const view = viewOfSaved(saved, nowMs);
  if (!isOver(state) && !holder?.alive) view.doing = `no process runs it; it stopped ${view.doing}`;
  const gap = isStanding && live !== undefined ? gapOf(saved, live) : undefined;
  if (flags.output !== undefined) {
    const carriedOut = holder === undefined ? null : asData(holder);
    const data = { ...view, carriedOut, holder: holder?.alive ? holder : undefined, live, gap };
    await printData(data, flags.output);
    return EXIT.ok;
  }
  for (const { text, passing = "" } of drawRollout(view, styleFor(process.stdout)))
    print(`${text} ${passing}`.trimEnd());
  if (holder?.alive) print(`carried out ${lifeOf(holder, nowMs)}`);
  else if (isStanding) {
    const last = holder === undefined ? "" : ` The last one ran ${lifeOf(holder, nowMs)}.`;
    print(`No process runs it, and the split does not change.${last}`);
    print(waysOn(service, flags));
  }
  if (gap !== undefined) print(gap);
  return EXIT.ok;
}

function asData({ who, sinceMs, seenMs, alive }: Holder) {
  return { by: who, sinceMs, lastSeenMs: seenMs, alive };
}

function lifeOf({ who, sinceMs, seenMs }: Holder, nowMs: number): string {
  const began = new Date(sinceMs).toISOString().slice(0, 19).replace("T", " ");
  const ago = nowMs - seenMs < 5_000 ? "just now" : `${time(nowMs - seenMs)} ago`;
  return `by ${who} since ${began} UTC, last seen ${ago}`;
}

/** The difference of the live split from the journal; undefined if they agree. */
function gapOf(saved: Saved, live: LiveSplit): string | undefined {
  const state = lastOf(saved);
  if (state.foreign !== null || ownershipOf(state, live) !== "foreign") return undefined;
  const by = live.by === null ? "" : `, written by ${live.by}`;
  const isOriginal = sameTargets(live.targets, saved.plan.original.targets);
  const what = isOriginal ? "the split from before the rollout" : "another one";
  return `The journal ends with ${describeTargets(state.written.targets)}; live is ${what}, ${describeTargets(live.targets)}${by}.`;
}

/** Why there is nothing to show. The live split shows whether a rollout's journal was lost. */
async function withoutJournal(service: string, { journal, engine }: RolloutContext): Promise<string> {
  const none = `${journal.place} has no rollout of ${service}.`;
  const live = await engine.read().catch(() => undefined);
  const by = live?.changed?.by ?? "";
  if (!isRollout(by)) return none;
  return `${none}\nThe live split was written by ${by}: that journal is gone, so the rollout can be neither shown nor resumed. ./kyc split ${service} shows and changes the split.`;
}
