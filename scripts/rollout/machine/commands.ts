import type { Plan } from "../plan/plan.ts";
import { advance, enter, goTo, hold, personOf, restore, stepOf, unapproved } from "./transitions.ts";
import { type Event, isGoingBack, isOver, type State } from "./state.ts";

/** A request by a person. */
export type CommandEvent = Extract<Event, { type: "asked" }>;

/**
 * Returns the state after a request. A request that does not apply to the state changes only the count of handled
 * requests.
 */
export function afterCommand(plan: Plan, before: State, asked: CommandEvent): State {
  const state = asked.queued ? { ...before, handled: before.handled + 1 } : before;
  switch (asked.command) {
    case "pause":
      return isOver(state) || isGoingBack(state) ? state : { ...state, paused: true, reason: said(asked) };
    case "hold":
      return isOver(state) || isGoingBack(state) ? state : hold(state, asked.atMs, said(asked));
    case "resume":
      return resumed(plan, state, asked);
    case "promote":
      return promoted(plan, state, asked);
    case "approve":
      return approved(plan, state, asked);
    case "abort":
      return isGoingBack(state) || state.phase === "promoted" ? state : wayBack(plan, state, asked);
    case "back":
      return isGoingBack(state) ? state : wayBack(plan, state, asked);
  }
}

function resumed(plan: Plan, state: State, asked: CommandEvent): State {
  const { atMs } = asked;
  if (state.phase === "held") return unheld(plan, state, asked);
  if (isOver(state)) return state;
  // The process had ended, so each deadline starts again.
  if (!asked.queued) return { ...state, paused: false, sinceMs: atMs };
  return state.paused ? { ...state, paused: false, sinceMs: atMs, reason: said(asked) } : state;
}

function unheld(plan: Plan, state: State, asked: CommandEvent): State {
  const { foreign, heldFrom } = state;
  if (foreign !== null && !asked.overwrite) return state;
  const free = { ...state, heldFrom: null, foreign: null, paused: false };
  const { atMs } = asked;
  const phase = heldFrom ?? "judging";
  if (foreign === null) return enter(free, phase, atMs, said(asked));
  // The other writer's split becomes the current one, and is overwritten by the previous split.
  const over = { ...free, pending: [], written: { targets: foreign.targets, version: foreign.version } };
  if (phase === "restoring" || phase === "confirming") return restore(plan, over, atMs, said(asked));
  if (stepOf(plan, state) === undefined) return enter(over, phase, atMs, said(asked));
  return goTo(plan, over, state.step, atMs, said(asked));
}

function promoted(plan: Plan, before: State, asked: CommandEvent): State {
  const { atMs } = asked;
  const state = before.phase === "held" ? unheld(plan, before, asked) : before;
  if (state.phase === "baking") {
    const done = { ...state, paused: false, skipping: false };
    return stepOf(plan, state)?.bake
      ? advance(plan, done, atMs, said(asked))
      : enter(done, "promoted", atMs, said(asked));
  }
  if (isOver(state) || isGoingBack(state)) return state;
  const skipping = { ...state, skipping: true, paused: false, reason: said(asked) };
  const canMove = ["previewing", "judging", "waiting"].includes(state.phase);
  return canMove ? advance(plan, skipping, atMs, said(asked)) : skipping;
}

/** Adds the approval of a person other than the one who started the rollout; ignores any other. */
function approved(plan: Plan, state: State, { by, atMs }: CommandEvent): State {
  const percents = state.phase === "waiting" ? unapproved(plan, state) : [];
  if (percents.length === 0 || personOf(by) === personOf(plan.by)) return state;
  const approvals = [...(state.approvals ?? []), ...percents.map((percent) => ({ percent, by }))];
  const after = { ...state, approvals };
  return state.paused ? after : advance(plan, after, atMs, `approved by ${by}`);
}

function wayBack(plan: Plan, state: State, asked: CommandEvent): State {
  const { foreign } = state;
  if (foreign === null) return restore(plan, state, asked.atMs, said(asked));
  if (!asked.overwrite) return state;
  const written = { targets: foreign.targets, version: foreign.version };
  return restore(plan, { ...state, pending: [], written }, asked.atMs, said(asked));
}

/** Formats a request as a reason. */
function said({ command, by, why }: CommandEvent): string {
  const words = {
    pause: "paused",
    hold: "held",
    resume: "resumed",
    promote: "promoted",
    approve: "approved",
    abort: "aborted",
    back: "taken back",
  };
  return `${words[command]} by ${by}${why === "" ? "" : `: ${why}`}`;
}
