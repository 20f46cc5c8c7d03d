import { isGoingBack, type Phase, type State } from "../machine/state.ts";
import type { Plan } from "../plan/plan.ts";
import { percentOf, type Target } from "../plan/targets.ts";
import type { AtStep } from "../outcomes/timeline.ts";
import type { Ruling } from "../rollout-judge/rollout-judge.ts";
import { quantile, type Side, type Tally } from "../tally.ts";

/** The observations of one revision. Times are milliseconds; undefined without requests. */
export interface SideView {
  revision: string;
  requests: number;
  errors: number;
  median: number | undefined;
  p99: number | undefined;
}

/** A rollout at a moment: the data that is drawn, and printed as JSON. */
export interface RolloutView {
  id: string;
  service: string;
  engine: string;
  place: string;
  by: string;
  atMs: number;
  beganMs: number;
  phase: Phase;
  /** The phase in words for people. */
  doing: string;
  sinceMs: number;
  paused: boolean;
  reason: string;
  steps: { percent: number; state: "done" | "now" | "to come" }[];
  /** The candidate's share in percent: as written, and as observed since the step came into force. */
  share: { planned: number; observed: number | undefined; requests: number };
  candidate: SideView;
  baseline: SideView;
  gateway: number;
  others: number;
  excluded: Record<string, number>;
  ruling: Ruling | undefined;
  /**
   * The time until the candidate may be called healthy at this step, at the past growth of evidence; undefined if
   * unknown.
   */
  verdictInMs: number | undefined;
  /** The original, written and live splits, if the rollout is held because of another writer's split. */
  diff: { planned: Target[]; written: Target[]; live: Target[] } | undefined;
}

/** The observed traffic of a rollout, and the judge's ruling on it. */
export interface SeenTraffic {
  tally: Tally;
  atStep: AtStep;
  ruling?: Ruling | undefined;
}

/** Collects the displayed data of a rollout. */
export function viewOf(plan: Plan, state: State, atMs: number, seen: SeenTraffic): RolloutView {
  const { tally, ruling, atStep } = seen;
  return {
    id: plan.id,
    service: plan.service,
    engine: plan.engine,
    place: plan.place,
    by: plan.by,
    atMs,
    beganMs: plan.atMs,
    phase: state.phase,
    doing: doing(plan, state),
    sinceMs: state.sinceMs,
    paused: state.paused,
    reason: state.reason,
    steps: plan.steps.map(({ percent }, i) => ({ percent, state: stepState(state, i) })),
    share: {
      planned: percentOf(state.written.targets, plan.candidate),
      observed: atStep.both === 0 ? undefined : (100 * atStep.candidate) / atStep.both,
      requests: atStep.both,
    },
    candidate: sideView(plan.candidate, tally.candidate),
    baseline: sideView(plan.baseline, tally.baseline),
    gateway: tally.gateway,
    others: tally.others,
    excluded: tally.excluded,
    ruling,
    verdictInMs: state.phase === "judging" && ruling ? verdictIn(plan, state, atMs, ruling) : undefined,
    diff:
      state.foreign === null
        ? undefined
        : {
            planned: [...(plan.steps[state.step]?.targets ?? plan.original.targets)],
            written: [...state.written.targets],
            live: [...state.foreign.targets],
          },
  };
}

function sideView(revision: string, side: Side): SideView {
  const { requests, errors } = side;
  return { revision, requests, errors, median: quantile(side, 0.5), p99: quantile(side, 0.99) };
}

function stepState(state: State, index: number): "done" | "now" | "to come" {
  if (state.phase === "promoted") return "done";
  if (isGoingBack(state)) return index < state.step ? "done" : "to come";
  if (index === state.step) return "now";
  return index < state.step ? "done" : "to come";
}

/** Describes a state in words. */
export function doing(plan: Plan, state: State): string {
  const percent = plan.steps[state.step]?.percent ?? 0;
  const preview = plan.steps[state.step]?.preview === true;
  const share = preview ? "the preview" : `${percent} %`;
  const isLast = state.step === plan.steps.length - 1;
  const words: Record<Phase, string> = {
    preparing: `waiting until ${plan.candidate} is ready`,
    warming: `warming ${plan.candidate} up`,
    shifting: isLast ? "promoting: writing 100 %" : `writing ${share}`,
    settling: isLast
      ? "promoting: waiting until 100 % are in force"
      : `waiting until ${share} ${preview ? "is" : "are"} in force`,
    previewing: `previewing: only ${previewedBy(plan)} reach ${plan.candidate}`,
    judging: `judging at ${percent} %`,
    waiting: `waiting at ${Math.max(0, percent)} %`,
    baking: plan.steps[state.step]?.bake
      ? `baking at ${percent} %, beside a control share`
      : "judging with all traffic",
    promoted: "promoted",
    restoring: "rolling back: writing the original split",
    confirming: "rolling back: waiting until the original split is in force",
    "rolled back": "rolled back",
    held: "held",
  };
  return `${words[state.phase]}${state.paused ? ", paused" : ""}`;
}

/** Describes the callers that reach the candidate in a preview. */
function previewedBy({ settings: { preview } }: Plan): string {
  return preview?.header === undefined
    ? "requests that ask for it by its tag"
    : `requests with ${preview.header}: ${preview.value}`;
}

/** Returns the time until the weakest claim is proved, if evidence keeps growing as it has at this step. */
function verdictIn(
  { settings }: Plan,
  { sinceMs }: State,
  atMs: number,
  { verdict, evidence }: Ruling,
): number | undefined {
  const least = settings.stepMs - (atMs - sinceMs);
  if (verdict === "healthy") return Math.max(0, least);
  const parts = evidence
    .filter(({ name }) => name !== "worse")
    .map(({ value, threshold }) => value / threshold);
  const part = Math.min(...parts);
  if (!(part > 0.05)) return undefined;
  return Math.max(least, ((atMs - sinceMs) * (1 - part)) / part);
}
