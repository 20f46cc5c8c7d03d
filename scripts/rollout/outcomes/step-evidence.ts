import type { OutcomeSource } from "../../sources/source.ts";
import type { State } from "../machine/state.ts";
import type { Plan } from "../plan/plan.ts";
import { percentOf } from "../plan/targets.ts";
import type { Ruling } from "../rollout-judge/rollout-judge.ts";
import type { OutcomeRecorder } from "./outcome-recorder.ts";

/** Evaluates the recorded outcomes for the current step of a rollout. */
export class StepEvidence {
  readonly #plan: Plan;
  readonly #source: OutcomeSource;
  readonly #recorder: OutcomeRecorder;

  constructor(plan: Plan, source: OutcomeSource, recorder: OutcomeRecorder) {
    this.#plan = plan;
    this.#source = source;
    this.#recorder = recorder;
  }

  /** The judge's ruling, given the share that the candidate gets next. */
  ruling(state: State): Ruling {
    return this.#recorder.ruling(this.nextPercent(state));
  }

  /** The share in percent that the candidate gets if it is healthy. */
  nextPercent({ step }: State): number {
    const { steps } = this.#plan;
    return steps[Math.min(step + 1, steps.length - 1)]?.percent ?? 100;
  }

  /** The verdict of a ruling. It is healthy only once the reported outcomes cover the shortest time of the step. */
  verdictOf(ruling: Ruling): Pick<Ruling, "verdict" | "because"> {
    return verdictOf(this.#plan, ruling, this.#recorder.coveredMs);
  }

  /**
   * Returns the revision with a share that has been silent for longest. The source's lag does not count as silence.
   */
  silence({ sinceMs, written }: State, atMs: number): { revision: string; ms: number } {
    const { candidate, baseline } = this.#plan;
    const silentMs = (side: "candidate" | "baseline"): number =>
      Math.max(0, this.#recorder.silentFor(side, sinceMs, atMs) - this.#source.lagMs);
    const ofCandidate = { revision: candidate, ms: silentMs("candidate") };
    const ofBaseline = { revision: baseline, ms: silentMs("baseline") };
    const hasBaseline = percentOf(written.targets, baseline) > 0;
    return hasBaseline && ofBaseline.ms > ofCandidate.ms ? ofBaseline : ofCandidate;
  }
}

/**
 * The verdict of a ruling. It is healthy only once the reported outcomes cover the shortest time of the step.
 * @param coveredMs how much of the step the reported outcomes cover
 */
export function verdictOf(
  { settings: { stepMs }, source }: Plan,
  { verdict, because }: Pick<Ruling, "verdict" | "because">,
  coveredMs: number,
): Pick<Ruling, "verdict" | "because"> {
  if (verdict !== "healthy" || coveredMs >= stepMs) return { verdict, because };
  return {
    verdict: "undecided",
    because: `source ${source.name} has reported ${Math.floor(coveredMs / 1_000)} s of this step of ${stepMs / 1_000} s at least`,
  };
}
