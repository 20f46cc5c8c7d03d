import type { Plan } from "../plan/plan.ts";
import type { Target } from "../plan/targets.ts";
import { frozenUntil } from "../plan/freeze-window.ts";
import type { Phase, LiveSplit, State } from "./state.ts";

/** Returns the current step; undefined before the first. */
export function stepOf(plan: Plan, { step }: State): Plan["steps"][number] | undefined {
  return plan.steps[step];
}

/** Returns the split to write in this state; undefined if there is none. */
export function goalOf(plan: Plan, state: State): readonly Target[] | undefined {
  if (state.phase === "restoring") return plan.original.targets;
  return state.phase === "shifting" ? stepOf(plan, state)?.targets : undefined;
}

/** Enters a phase. */
export function enter(state: State, phase: Phase, atMs: number, reason: string): State {
  return { ...state, phase, sinceMs: atMs, reason };
}

/** Moves to the next step, or to the last after `--promote`; waits for an approval or the end of a freeze window before it. */
export function advance(plan: Plan, state: State, atMs: number, reason: string): State {
  const step = stepAfter(plan, state);
  const gate = gateBefore(plan, state, step, atMs);
  if (gate === undefined) return goTo(plan, state, step, atMs, reason);
  return state.phase === "waiting" && state.reason === gate ? state : enter(state, "waiting", atMs, gate);
}

function stepAfter(plan: Plan, state: State): number {
  const last = plan.steps.length - 1;
  return state.skipping ? last : Math.min(state.step + 1, last);
}

/** Returns the shares that need an approval before the rollout advances from this state. */
export function unapproved(plan: Plan, state: State): number[] {
  return unapprovedBefore(plan, state, stepAfter(plan, state));
}

function unapprovedBefore(plan: Plan, { step, approvals = [] }: State, next: number): number[] {
  const [from, to] = [plan.steps[step]?.percent ?? 0, plan.steps[next]?.percent ?? 100];
  const approved = new Set(approvals.map(({ percent }) => percent));
  return (plan.settings.approveAt ?? []).filter((p) => p > from && p <= to && !approved.has(p));
}

/** Returns why a step may not begin yet, as a sentence; undefined if it may. */
function gateBefore(plan: Plan, state: State, step: number, atMs: number): string | undefined {
  const missing = unapprovedBefore(plan, state, step);
  const percent = plan.steps[step]?.percent ?? 100;
  if (missing.length > 0)
    return `${percent} % needs the approval of a person other than ${personOf(plan.by)}`;
  const untilMs = frozenUntil(plan.settings.notBetween ?? [], atMs);
  if (untilMs === undefined) return undefined;
  return `${plan.steps[step]?.preview ? "the preview" : `${percent} %`} waits for the end of a freeze window, ${new Date(untilMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Returns the person in an identity such as `ann (root@host)`, `ann@host, $USER eve` or `ann@host`: `ann`. */
export function personOf(by: string): string {
  return by.replace(/(?: \(|, \$USER |@).*$/s, "").toLowerCase();
}

/** Starts the shift to a step. Its split is recorded as pending before it is written. */
export function goTo(plan: Plan, state: State, step: number, atMs: number, reason: string): State {
  const targets = plan.steps[step]?.targets ?? [];
  return { ...enter(state, "shifting", atMs, reason), step, pending: [...state.pending, targets] };
}

/** Starts the restore of the original split. */
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

/** Holds the rollout, and records the other writer's split if that is the reason. */
export function hold(state: State, atMs: number, reason: string, foreign: LiveSplit | null = null): State {
  return { ...enter(state, "held", atMs, reason), heldFrom: state.heldFrom ?? state.phase, foreign };
}

/** Formats milliseconds for people: `90 s`, `5 min`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
