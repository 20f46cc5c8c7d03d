import type { OutcomeSource } from "../../sources/source.ts";
import type { State } from "../machine/state.ts";
import type { Plan } from "../plan/plan.ts";
import { percentOf } from "../plan/targets.ts";
import type { Ruling } from "./judging.ts";
import type { OutcomeRecorder } from "./outcome-recorder.ts";

/** What the recorded outcomes show about the current step of a rollout. */
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
  ruling({ step }: State): Ruling {
    const { steps } = this.#plan;
    return this.#recorder.ruling(steps[Math.min(step + 1, steps.length - 1)]?.percent ?? 100);
  }

  /** The verdict of a ruling. It is healthy only once the reported outcomes cover the shortest time of the step. */
  verdictOf({ verdict, because }: Ruling): Pick<Ruling, "verdict" | "because"> {
    const { stepMs } = this.#plan.settings;
    const { coveredMs } = this.#recorder;
    if (verdict !== "healthy" || coveredMs >= stepMs) return { verdict, because };
    return {
      verdict: "undecided",
      because: `source ${this.#source.name} has reported ${Math.floor(coveredMs / 1_000)} s of this step, and ${stepMs / 1_000} s are wanted`,
    };
  }

  /** The revision with a share that has been silent for longest. The source's lag does not count as silence. */
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
