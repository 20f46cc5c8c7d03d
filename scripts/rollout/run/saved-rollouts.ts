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
import { Checkpoint } from "../outcomes/timeline.ts";
import { trafficJudge } from "../rollout-judge/traffic-judge.ts";
import { type RolloutView, type SeenTraffic, type SideView, viewOf } from "./view.ts";

/** Returns the view of a rollout from its journal and checkpoint. */
export function viewOfSaved(saved: Saved, nowMs: number): RolloutView {
  return viewOf(saved.plan, lastOf(saved), nowMs, seenBefore(saved));
}

function seenBefore(saved: Saved): SeenTraffic {
  const { steps, settings } = saved.plan;
  const checkpoint = Check(Checkpoint, saved.checkpoint) ? saved.checkpoint : undefined;
  const next = steps[Math.min(lastOf(saved).step + 1, steps.length - 1)]?.percent ?? 100;
  return {
    tally: checkpoint?.tally ?? emptyTally(),
    atStep: checkpoint?.atStep ?? { candidate: 0, both: 0 },
    ruling: checkpoint && trafficJudge(settings, checkpoint.judge).ruling(next / 100),
  };
}

/** The last rollout of each service as last read, by its folder. */
export type ReadRollouts = Map<
  string,
  { stamp: string; rollout: { saved: Saved; seen: SeenTraffic } | undefined }
>;

/** How long a finished rollout is shown. */
const SHOWN_AFTER_MS = 10 * 60_000;
/** A process without a heartbeat for this time has ended; the interval is two seconds. */
const SILENT_MS = 7_000;

/**
 * Returns the last rollout of each service in the journals of a folder, the latest first: those that are running or
 * held, and those that ended within the last ten minutes. Unreadable ones are omitted, because the state of the mesh,
 * which rollouts depend on, must not fail for them; `kyc rollout list` shows them.
 * @param folder contains a folder for each service
 * @param read a cache of earlier results, for unchanged files: reading a journal and restoring its judge takes some
 *   10 ms
 */
export async function currentRollouts(
  folder: string,
  nowMs: number,
  read: ReadRollouts = new Map(),
): Promise<RolloutState[]> {
  const services = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    services.map((service) => stateOf(folder, service, nowMs, read).catch(() => undefined)),
  );
  return found.flatMap((each) => each ?? []).sort((a, b) => b.beganMs - a.beganMs);
}

async function stateOf(
  folder: string,
  service: string,
  nowMs: number,
  read: ReadRollouts,
): Promise<RolloutState | undefined> {
  const own = join(folder, service);
  const [rollout, holder] = await Promise.all([
    lastRollout(own, read),
    new FileLock(join(own, "lock"), service).lastSign(),
  ]);
  if (rollout === undefined) return undefined;
  const { saved, seen } = rollout;
  const state = lastOf(saved);
  const endedMs = saved.entries.at(-1)?.event?.atMs ?? saved.plan.atMs;
  if (isOver(state) && state.phase !== "held" && nowMs - endedMs > SHOWN_AFTER_MS) return undefined;
  return rolloutState(viewOf(saved.plan, state, nowMs, seen), isOver(state), holder);
}

async function lastRollout(
  own: string,
  read: ReadRollouts,
): Promise<{ saved: Saved; seen: SeenTraffic } | undefined> {
  const journal = new FileJournal(own);
  // Taken before the files are read, so that a concurrent change is seen the next time.
  const stamp = journal.stamp();
  const known = read.get(own);
  if (known?.stamp === stamp) return known.rollout;
  const saved = await journal.load();
  const rollout = saved && { saved, seen: seenBefore(saved) };
  read.set(own, { stamp, rollout });
  return rollout;
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
