import type { Plan } from "../plan/plan.ts";
import { afterCommand } from "./commands.ts";
import { advance, enter, hold, restore, span } from "./transitions.ts";
import { afterLiveSplit, afterWritten } from "./drift.ts";
import { type Event, isGoingBack, isOver, type State } from "./state.ts";

/**
 * Returns the state after an event. All decisions of a rollout are made here. It returns the same object if the event
 * changes nothing. It uses no clock, file or network, so that a journal can be replayed.
 */
export function next(plan: Plan, state: State, event: Event): State {
  switch (event.type) {
    case "asked":
      return afterCommand(plan, state, event);
    case "seen":
      return afterLiveSplit(plan, state, event.live, event.atMs);
    case "ready":
      return state.phase === "preparing"
        ? enter(state, "warming", event.atMs, `${plan.candidate} is ready`)
        : state;
    case "warmed":
      return state.phase === "warming"
        ? advance(plan, state, event.atMs, `${plan.candidate} is warm`)
        : state;
    case "unready":
      return afterUnready(plan, state, event.why, event.atMs);
    case "written": {
      if (state.phase !== "shifting" && state.phase !== "restoring") return state;
      const { targets, version, atMs } = event;
      return afterWritten({ ...state, written: { targets, version }, pending: [] }, atMs);
    }
    case "in force":
      return afterInForce(plan, state, event.atMs);
    case "verdict":
      return afterVerdict(plan, state, event);
    case "failed":
      return afterTime(plan, state, event.atMs, `: ${event.why}`);
    case "time":
      return state.phase === "previewing"
        ? afterPreview(plan, state, event)
        : afterTime(plan, state, event.atMs, "", event.silent);
  }
}

function afterUnready(plan: Plan, state: State, why: string, atMs: number): State {
  if (state.phase !== "preparing" && state.phase !== "warming") return state;
  const { readyDeadlineMs } = plan.settings;
  if (atMs - state.sinceMs < readyDeadlineMs) return state;
  const what = state.phase === "preparing" ? "was not ready" : "did not answer its first request";
  return restore(plan, state, atMs, `${plan.candidate} ${what} within ${span(readyDeadlineMs)}: ${why}`);
}

function afterInForce(plan: Plan, state: State, atMs: number): State {
  if (state.phase === "confirming") return enter(state, "rolled back", atMs, state.reason);
  if (state.phase !== "settling") return state;
  if (plan.steps[state.step]?.preview && !state.skipping)
    return enter(state, "previewing", atMs, state.reason);
  if (state.step === plan.steps.length - 1) {
    // The control share has been compared for the whole bake; at 100 % there is nothing left to compare with.
    const isBaked = plan.steps[state.step - 1]?.bake === true && !state.skipping;
    return enter(state, isBaked ? "promoted" : "baking", atMs, state.reason);
  }
  if (plan.steps[state.step]?.bake && !state.skipping) return enter(state, "baking", atMs, state.reason);
  return state.skipping
    ? advance(plan, state, atMs, state.reason)
    : enter(state, "judging", atMs, state.reason);
}

type Verdict = Extract<Event, { type: "verdict" }>;

function afterVerdict(plan: Plan, state: State, { verdict, because, atMs }: Verdict): State {
  if (isOver(state) || isGoingBack(state)) return state;
  if (verdict === "regressed") return restore(plan, state, atMs, because);
  if (state.phase !== "judging" || state.paused) return state;
  const { stepMs, stepLimitMs, onUndecided } = plan.settings;
  const atStep = atMs - state.sinceMs;
  if (verdict === "healthy") return atStep < stepMs ? state : advance(plan, state, atMs, because);
  if (atStep < Math.max(stepMs, stepLimitMs)) return state;
  const why = `undecided after ${span(atStep)}: ${because}`;
  if (onUndecided === "advance") return advance(plan, state, atMs, why);
  return onUndecided === "abort" ? restore(plan, state, atMs, why) : hold(state, atMs, why);
}

function afterTime(plan: Plan, state: State, atMs: number, why: string, silent?: Silence): State {
  const { forceDeadlineMs, restoreDeadlineMs } = plan.settings;
  const inPhase = atMs - state.sinceMs;
  switch (state.phase) {
    case "shifting":
    case "settling": {
      if (inPhase < forceDeadlineMs) return state;
      const what = state.phase === "shifting" ? "written" : "in force";
      return restore(plan, state, atMs, `the split was not ${what} within ${span(forceDeadlineMs)}${why}`);
    }
    case "waiting":
      return state.paused ? state : advance(plan, state, atMs, openedBy(plan, state));
    case "baking":
      return afterBake(plan, state, atMs, silent);
    case "restoring":
    case "confirming": {
      if (inPhase < restoreDeadlineMs) return state;
      const what = state.phase === "restoring" ? "written" : "seen in force";
      return hold(
        state,
        atMs,
        `the original split could not be ${what}${why}; it had to be restored: ${state.reason}`,
      );
    }
    default:
      return state;
  }
}

/** The fewest requests of a preview that are evidence. */
const LEAST_PREVIEWED = 5;

/** Ends the preview after its time. */
function afterPreview(plan: Plan, state: State, event: Extract<Event, { type: "time" }>): State {
  const { atMs, preview = { requests: 0, failed: 0 } } = event;
  const { onUndecided, preview: settings } = plan.settings;
  const forMs = settings?.forMs ?? Number.POSITIVE_INFINITY;
  if (atMs - state.sinceMs < forMs || state.paused) return state;
  const { requests, failed } = preview;
  const seen = `${requests} request${requests === 1 ? "" : "s"} in ${span(forMs)} of preview, ${failed} of them failed`;
  if (requests >= LEAST_PREVIEWED) return advance(plan, state, atMs, seen);
  const why = `${seen}: fewer than ${LEAST_PREVIEWED} prove nothing`;
  if (onUndecided === "advance") return advance(plan, state, atMs, why);
  return onUndecided === "abort" ? restore(plan, state, atMs, why) : hold(state, atMs, why);
}

type Silence = Extract<Event, { type: "time" }>["silent"];

/** The shortest silence that matters, in milliseconds. */
const LEAST_SILENCE_MS = 2_000;

/** Ends the bake after its time. A revision without requests in the last quarter of the bake was not tested by it. */
function afterBake(plan: Plan, state: State, atMs: number, silent: Silence): State {
  const { bakeMs, onUndecided } = plan.settings;
  if (atMs - state.sinceMs < bakeMs || state.paused) return state;
  const step = plan.steps[state.step];
  const isSilent = silent !== undefined && silent.ms > Math.max(LEAST_SILENCE_MS, bakeMs / 4);
  const silence = isSilent
    ? `no request of ${silent.revision} for ${span(silent.ms)}: silence proves nothing`
    : "";
  if (isSilent && !state.skipping && onUndecided === "hold") return hold(state, atMs, silence);
  if (isSilent && !state.skipping && onUndecided === "abort") return restore(plan, state, atMs, silence);
  if (step?.bake) {
    const control = `${100 - step.percent} % on ${plan.baseline}`;
    return advance(
      plan,
      state,
      atMs,
      isSilent ? silence : `no regression in ${span(bakeMs)} beside ${control}`,
    );
  }
  const compared = `${span(bakeMs)} with all traffic, without a baseline to compare with`;
  return enter(state, "promoted", atMs, isSilent ? silence : compared);
}

/** Returns why a wait is over. */
function openedBy(plan: Plan, state: State): string {
  const next = state.approvals?.at(-1);
  const isApproval = next !== undefined && (plan.settings.approveAt ?? []).includes(next.percent);
  return isApproval ? `approved by ${next.by}` : "the freeze window is over";
}
