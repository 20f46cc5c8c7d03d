import type { Plan } from "../plan/plan.ts";
import { describeTargets, sameTargets } from "../plan/targets.ts";
import { enter, goalOf, hold } from "./transitions.ts";
import { isOver, type LiveSplit, type State } from "./state.ts";

/** What a split that was seen is to a rollout: as it left it, what it was about to write, or somebody else's. */
export type Ownership = "unchanged" | "as written" | "as intended" | "foreign";

/**
 * Tells whose split it is. After a crash nobody knows whether the last write arrived: then it is one of the splits
 * that were noted before they were written. Anything else is somebody else's, and is never overwritten.
 */
export function ownershipOf({ written, pending }: State, live: LiveSplit): Ownership {
  if (live.version === written.version) return "unchanged";
  // Another field of the same object was changed; or somebody put the split back.
  if (sameTargets(live.targets, written.targets)) return "as written";
  return pending.some((targets) => sameTargets(targets, live.targets)) ? "as intended" : "foreign";
}

/** The state after the split was seen. */
export function afterLiveSplit(plan: Plan, state: State, live: LiveSplit, atMs: number): State {
  if (isOver(state) && state.phase !== "held") return state;
  const is = ownershipOf(state, live);
  if (is === "foreign" && state.step >= 0 && sameTargets(live.targets, plan.original.targets))
    return putBack(state, live, atMs);
  if (is === "foreign") return stopped(state, live, atMs);
  const here = { ...state, foreign: null };
  if (is === "unchanged") return state.foreign === null ? state : here;
  const written = { targets: live.targets, version: live.version };
  const goal = goalOf(plan, state);
  // Writes hold for one version only: whatever was under way over an older one can arrive no more.
  if (is === "as written") return { ...here, written, pending: goal === undefined ? [] : [[...goal]] };
  const arrived = { ...here, written, pending: [] };
  if (goal === undefined) return arrived;
  if (sameTargets(goal, live.targets)) return afterWritten(arrived, atMs);
  // An earlier write of ours has arrived after all; the one that is due is still to come.
  return { ...arrived, pending: [[...goal]] };
}

/** The state when what was to be written is there. */
export function afterWritten(state: State, atMs: number): State {
  if (state.phase === "shifting") return enter(state, "settling", atMs, state.reason);
  return state.phase === "restoring" ? enter(state, "confirming", atMs, state.reason) : state;
}

/** The original split is there again: by this rollout, whose journal could not be written, or by another writer. */
function putBack(state: State, live: LiveSplit, atMs: number): State {
  const written = { targets: live.targets, version: live.version };
  const reason = `the split was put back by ${live.by ?? "another writer"}`;
  return {
    ...enter(state, "confirming", atMs, reason),
    written,
    pending: [],
    paused: false,
    heldFrom: null,
    foreign: null,
  };
}

function stopped(state: State, live: LiveSplit, atMs: number): State {
  if (state.foreign !== null && state.foreign.version === live.version) return state;
  const who = live.by === null ? "somebody else" : live.by;
  const reason = `the split was changed by ${who} to ${describeTargets(live.targets)}`;
  const before =
    state.reason === "" || state.phase !== "restoring" ? "" : ` while going back (${state.reason})`;
  return hold(state, atMs, `${reason}${before}`, live);
}
