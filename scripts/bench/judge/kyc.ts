import { createJudge } from "../../rollout/judge/judge.ts";
import type { Judge, Observation } from "../../rollout/judge/types.ts";
import type { Contestant, Outcome } from "./contestant.ts";
import { rampShare } from "./peers/flagger.ts";
import { HORIZON } from "./scenarios.ts";

/** The shares of a rollout by steps. */
const STEPS = [0.01, 0.05, 0.1, 0.25, 0.5, 1] as const;
/** The interval between checks for `healthy`, in seconds, and so the minimum duration of a step. */
const LOOK_SECONDS = 10;

/** The common part: this project's judge with its defaults, and one reused observation. */
abstract class Kyc implements Contestant {
  abstract share: number;
  outcome: Outcome | undefined;
  healthyAt: number | undefined;
  protected readonly judge: Judge = createJudge();
  /** Whether there was an observation since the last check for `healthy`. */
  protected news = false;
  readonly #observation: Observation = { t: 0, revision: "baseline", ok: true, ms: 0, share: 0 };

  abstract tick(t: number): void;

  request(t: number, candidate: boolean, ok: boolean, ms: number): void {
    if (this.outcome !== undefined) return;
    const observation = this.#observation;
    observation.t = t;
    observation.revision = candidate ? "candidate" : "baseline";
    observation.ok = ok;
    observation.ms = ms;
    observation.share = this.share;
    this.judge.observe(observation);
    this.news = true;
    if (!this.judge.regressed) return;
    this.outcome = { t, kind: "rolled back" };
    this.share = 0;
  }
}

/** This project's judge with Flagger's shares. It judges to the end. */
export class KycOnRamp extends Kyc {
  share = rampShare(0);

  tick(t: number): void {
    this.share = rampShare(t);
    if (this.healthyAt !== undefined || t % LOOK_SECONDS !== 0 || !this.news) return;
    this.news = false;
    if (this.judge.verdict().verdict === "healthy") this.healthyAt = t;
  }
}

/** This project's judge as in `kyc rollout`: each step waits for `healthy`, and the last step is judged too. */
export class KycBySteps extends Kyc {
  share: number = STEPS[0];
  #step = 0;

  tick(t: number): void {
    if (t % LOOK_SECONDS !== 0 || !this.news || t >= HORIZON) return;
    this.news = false;
    const next = STEPS[this.#step + 1];
    if (next === undefined || this.judge.verdict(next).verdict !== "healthy") return;
    this.#step++;
    this.share = next;
    if (next === 1) this.healthyAt = t;
  }
}
