import type { Plan } from "../plan/plan.ts";
import type { Target } from "../plan/targets.ts";
import type { Phase, LiveSplit, State } from "./state.ts";

/** The step that is being gone to, or judged; nothing before the first. */
export function stepOf(plan: Plan, { step }: State): Plan["steps"][number] | undefined {
  return plan.steps[step];
}

/** The split that a state sets out to write; nothing where it writes none. */
export function goalOf(plan: Plan, state: State): readonly Target[] | undefined {
  if (state.phase === "restoring") return plan.original.targets;
  return state.phase === "shifting" ? stepOf(plan, state)?.targets : undefined;
}

/** Enters a phase. */
export function enter(state: State, phase: Phase, atMs: number, reason: string): State {
  return { ...state, phase, sinceMs: atMs, reason };
}

/** Sets out for the next step, or for the last one when somebody asked for it. */
export function advance(plan: Plan, state: State, atMs: number, reason: string): State {
  const last = plan.steps.length - 1;
  return goTo(plan, state, state.skipping ? last : Math.min(state.step + 1, last), atMs, reason);
}

/** Sets out for a step. What is about to be written is noted first. */
export function goTo(plan: Plan, state: State, step: number, atMs: number, reason: string): State {
  const targets = plan.steps[step]?.targets ?? [];
  return { ...enter(state, "shifting", atMs, reason), step, pending: [...state.pending, targets] };
}

/** Sets out for the split as it was. */
export function restore(plan: Plan, state: State, atMs: number, reason: string): State {
  const pending = [...state.pending, plan.original.targets];
  return {
    ...enter(state, "restoring", atMs, reason),
    pending,
    paused: false,
    heldFrom: null,
    foreign: null,
  };
}

/** Stops where it is; with the split of somebody else when that is why. */
export function hold(state: State, atMs: number, reason: string, foreign: LiveSplit | null = null): State {
  return { ...enter(state, "held", atMs, reason), heldFrom: state.heldFrom ?? state.phase, foreign };
}

/** Milliseconds as people say them: `90 s`, `5 min`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
