import { createJudge } from "../../rollout/judge/judge.ts";
import type { Judge, Observation } from "../../rollout/judge/types.ts";
import type { Contestant, Outcome } from "./contestant.ts";
import { rampShare } from "./peers/flagger.ts";
import { HORIZON } from "./scenarios.ts";

/** The shares of a rollout by steps. */
const STEPS = [0.01, 0.05, 0.1, 0.25, 0.5, 1] as const;
/** How often it is asked whether all is well, in seconds: a step takes as long at least. */
const LOOK_SECONDS = 10;

/** What both have in common: our judge, with its defaults, and one observation that is filled anew each time. */
abstract class Kyc implements Contestant {
  abstract share: number;
  outcome: Outcome | undefined;
  healthyAt: number | undefined;
  protected readonly judge: Judge = createJudge();
  /** Whether anything was observed since it was last asked whether all is well. */
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

/** Our judge with Flagger's shares. It judges to the end. */
export class KycOnRamp extends Kyc {
  share = rampShare(0);

  tick(t: number): void {
    this.share = rampShare(t);
    if (this.healthyAt !== undefined || t % LOOK_SECONDS !== 0 || !this.news) return;
    this.news = false;
    if (this.judge.verdict().verdict === "healthy") this.healthyAt = t;
  }
}

/** Our judge as `kyc rollout` uses it: each step waits for `healthy`, however long; the last one is judged as well. */
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
