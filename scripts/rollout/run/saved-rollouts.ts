import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Check } from "typebox/schema";
import type { RolloutState } from "../../mesh/admin/schema.ts";
import { FileJournal } from "../journal/file-journal.ts";
import { lastOf, type Saved } from "../journal/journal.ts";
import { FileLock } from "../lock/file-lock.ts";
import type { Holder } from "../lock/lock.ts";
import { isOver } from "../machine/state.ts";
import { emptyTally } from "../tally.ts";
import { Checkpoint } from "./timeline.ts";
import { trafficJudge } from "./traffic-judge.ts";
import { type RolloutView, type SideView, viewOf } from "./view.ts";

/** A rollout as its journal and its checkpoint have it. */
export function viewOfSaved(saved: Saved, nowMs: number): RolloutView {
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

/** How long a rollout that is over is still shown. */
const SHOWN_AFTER_MS = 10 * 60_000;
/** A process that gave no sign for so long has ended: it gives one each two seconds. */
const SILENT_MS = 7_000;

/**
 * The last rollout of each service that a folder's journals have: those under way or held, and those that ended within
 * the last ten minutes; the latest first. What cannot be read is left out, whatever the reason: the state of the mesh, by
 * which rollouts go on, must not depend on it. `kyc rollout list` names it.
 * @param folder that holds a folder for each service
 */
export async function currentRollouts(folder: string, nowMs: number): Promise<RolloutState[]> {
  const services = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    services.map((service) => stateOf(folder, service, nowMs).catch(() => undefined)),
  );
  return found.flatMap((each) => each ?? []).sort((a, b) => b.beganMs - a.beganMs);
}

async function stateOf(folder: string, service: string, nowMs: number): Promise<RolloutState | undefined> {
  const own = join(folder, service);
  const [saved, holder] = await Promise.all([
    new FileJournal(own).load(),
    new FileLock(join(own, "lock"), service).lastSign(),
  ]);
  if (saved === undefined) return undefined;
  const state = lastOf(saved);
  const endedMs = saved.entries.at(-1)?.event?.atMs ?? saved.plan.atMs;
  if (isOver(state) && state.phase !== "held" && nowMs - endedMs > SHOWN_AFTER_MS) return undefined;
  return rolloutState(viewOfSaved(saved, nowMs), isOver(state), holder);
}

function rolloutState(view: RolloutView, over: boolean, holder: Holder | undefined): RolloutState {
  const { id, service, by, beganMs, sinceMs, phase, doing, reason, paused, steps, ruling } = view;
  const isAlive = holder !== undefined && view.atMs - holder.seenMs < SILENT_MS;
  const outcomes = { promoted: "promoted", "rolled back": "rolled back", held: "held" } as const;
  const outcome = Object.entries(outcomes).find(([name]) => name === phase)?.[1] ?? "under way";
  return {
    ...{ id, service, by, beganMs, sinceMs, doing, reason, paused, steps, outcome },
    carriedOut: holder === undefined || over ? null : { by: holder.who, seenMs: holder.seenMs, isAlive },
    share: { ...view.share, observed: view.share.observed ?? null },
    candidate: sideOf(view.candidate),
    baseline: sideOf(view.baseline),
    verdict: ruling === undefined ? null : { ...ruling, inMs: view.verdictInMs ?? null },
  };
}

function sideOf({ revision, requests, errors, median, p99 }: SideView): RolloutState["candidate"] {
  return { revision, requests, errors, p50Ms: median ?? null, p99Ms: p99 ?? null };
}
