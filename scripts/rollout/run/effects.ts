import { SplitChanged, type SplitState } from "../../traffic/split/split.ts";
import type { Engine } from "../../engines/engine.ts";
import { goalOf } from "../machine/transitions.ts";
import { ownershipOf } from "../machine/drift.ts";
import type { Event, LiveSplit, Phase, State } from "../machine/state.ts";
import type { Plan } from "../plan/plan.ts";
import { sameTargets, toSplit, toTargets } from "../plan/targets.ts";
import { messageOf } from "../../text/message-of.ts";

/** Sends the first requests to a revision, by its tag. Rejects with the reason if they are not answered. */
export type Warm = (revision: string, tag: string | null, signal: AbortSignal) => Promise<void>;

/** A live split as an event carries it. */
export function liveSplitOf({ targets, version, changed }: SplitState): LiveSplit {
  return { targets: toTargets(targets), version, by: changed?.by ?? null };
}

/**
 * Writes the split of a state unless it is live already. It never overwrites another writer's split: the write is
 * conditional on the version that was just read.
 */
export async function writeGoal(engine: Engine, plan: Plan, state: State, now: () => number): Promise<Event> {
  const goal = goalOf(plan, state);
  if (goal === undefined) throw new Error(`no split is written while ${state.phase}`);
  try {
    const live = liveSplitOf(await engine.read());
    // The version is journaled first: a process that resumes needs it to know which writes can still arrive.
    if (ownershipOf(state, live) !== "unchanged") return { type: "seen", atMs: now(), live };
    // A write from before a crash may still be in flight; a newer version makes it fail.
    const alone = state.pending.length <= 1;
    if (alone && sameTargets(live.targets, goal))
      return { type: "written", atMs: now(), targets: live.targets, version: live.version };
    const written = await engine.write(toSplit(goal), live.version, signature(plan, state));
    return { type: "written", atMs: now(), targets: [...goal], version: written.version };
  } catch (error) {
    if (error instanceof SplitChanged) return { type: "seen", atMs: now(), live: liveSplitOf(error.now) };
    return { type: "failed", atMs: now(), why: messageOf(error) };
  }
}

/** The action of a phase that takes time; undefined if the phase has none. */
export function actionOf(
  phase: Phase,
  engine: Engine,
  warm: Warm | undefined,
  plan: Plan,
  now: () => number,
): ((signal: AbortSignal) => Promise<Event>) | undefined {
  switch (phase) {
    case "settling":
    case "confirming":
      return async (signal) => {
        const { ms } = await engine.inForce(signal);
        return { type: "in force", atMs: now(), ms };
      };
    case "preparing":
      return () => askReady(engine, plan, now);
    case "warming":
      return (signal) => warmUp(warm, plan, signal, now);
    default:
      return undefined;
  }
}

/** Checks whether the candidate is ready. If not, the event has the reason. */
async function askReady(engine: Engine, plan: Plan, now: () => number): Promise<Event> {
  try {
    const revisions = await engine.revisions();
    const found = revisions.find(({ name }) => name === plan.candidate);
    if (found?.ready) return { type: "ready", atMs: now() };
    const why = found === undefined ? "there is no such revision" : (found.reason ?? "no reason was given");
    return { type: "unready", atMs: now(), why };
  } catch (error) {
    return { type: "unready", atMs: now(), why: messageOf(error) };
  }
}

/** Sends the candidate its first request. */
async function warmUp(
  warm: Warm | undefined,
  plan: Plan,
  signal: AbortSignal,
  now: () => number,
): Promise<Event> {
  if (warm === undefined) return { type: "warmed", atMs: now() };
  const tag = plan.steps[0]?.targets.find(
    ({ revision, tag: t }) => revision === plan.candidate && t !== null,
  )?.tag;
  // A tag that the first step adds does not exist yet.
  const isThere = plan.original.targets.some((target) => target.tag === tag);
  if (tag === undefined || tag === null || !isThere) return { type: "warmed", atMs: now() };
  try {
    await warm(plan.candidate, tag, signal);
    return { type: "warmed", atMs: now() };
  } catch (error) {
    return { type: "unready", atMs: now(), why: messageOf(error) };
  }
}

const SIGNED = "kyc rollout ";

/** Whether an author that an engine recorded is a rollout. */
export function isRollout(author: string): boolean {
  return author.startsWith(SIGNED);
}

/** The author that the engine records with a write. */
function signature({ id, by }: Plan, { phase, reason }: State): string {
  return `${SIGNED}${id} of ${by}, ${phase}${reason === "" ? "" : `: ${reason}`}`;
}

// A new process is slow at first: it loads code, compiles and connects on its first requests.
const REQUESTS = 20;
const ANSWERS_WITHIN_MS = 30_000;

/**
 * Returns the function that sends the first requests to a revision, by its tag; undefined if the engine has no
 * address for a single revision.
 * @param path a path that every version answers
 */
export function warmBy({ addressOf }: Pick<Engine, "addressOf">, path: string): Warm | undefined {
  if (addressOf === undefined) return undefined;
  return async (_revision, tag, signal) => {
    if (tag === null) return;
    using address = await addressOf(tag);
    const { url, host } = address;
    let good = 0;
    let status = 0;
    for (let i = 0; i < REQUESTS; i++) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]);
      const response = await fetch(`${url}${path}`, { headers: { host }, signal: within });
      await response.arrayBuffer();
      if (response.status < 500) good++;
      else status = response.status;
    }
    // Occasional failures do not make a candidate cold; the judge decides whether it fails too often.
    if (good === 0) throw new Error(`it answered ${status}`);
  };
}
