import type { Plan } from "../plan/plan.ts";
import { describeTargets, sameTargets } from "../plan/targets.ts";
import { enter, goalOf, hold } from "./transitions.ts";
import { isOver, type LiveSplit, type State } from "./state.ts";

/**
 * How an observed split relates to a rollout: unchanged, one that the rollout intended to write, or another writer's.
 */
export type Ownership = "unchanged" | "as written" | "as intended" | "foreign";

/**
 * Returns the writer of an observed split. After a crash it is unknown whether the last write arrived; it did if the
 * split is one of those that were journaled before writing. Any other split is another writer's, and is never
 * overwritten.
 */
export function ownershipOf({ written, pending }: State, live: LiveSplit): Ownership {
  if (live.version === written.version) return "unchanged";
  // Another field of the object changed, or another writer restored the split.
  if (sameTargets(live.targets, written.targets)) return "as written";
  return pending.some((targets) => sameTargets(targets, live.targets)) ? "as intended" : "foreign";
}

/** Returns the state after the split was observed. */
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
  // A write is conditional on one version: one over an older version can no longer succeed.
  if (is === "as written") return { ...here, written, pending: goal === undefined ? [] : [[...goal]] };
  const arrived = { ...here, written, pending: [] };
  if (goal === undefined) return arrived;
  if (sameTargets(goal, live.targets)) return afterWritten(arrived, atMs);
  // An earlier write has arrived after all; the current one is still outstanding.
  return { ...arrived, pending: [[...goal]] };
}

/** Returns the state after the split has been written. */
export function afterWritten(state: State, atMs: number): State {
  if (state.phase === "shifting") return enter(state, "settling", atMs, state.reason);
  return state.phase === "restoring" ? enter(state, "confirming", atMs, state.reason) : state;
}

/**
 * Returns the state after the original split was restored: by this rollout without its journal, or by another writer.
 */
function putBack(state: State, live: LiveSplit, atMs: number): State {
  const written = { targets: live.targets, version: live.version };
  const reason = `the split was restored by ${live.by ?? "another writer"}`;
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
  const who = live.by === null ? "someone else" : live.by;
  const reason = `the split was changed by ${who} to ${describeTargets(live.targets)}`;
  const before =
    state.reason === "" || state.phase !== "restoring" ? "" : ` during the rollback (${state.reason})`;
  return hold(state, atMs, `${reason}${before}`, live);
}
