import type { RolloutJudge, MakeJudge, Observation, Ruling } from "../rollout-judge/rollout-judge.ts";

/**
 * A judge that decides by simple counts, for tests of the effects of a verdict: `regressed` at five errors of the
 * candidate, `healthy` at fifty good answers of it.
 */
export const countingJudge: MakeJudge = (_settings, snapshot) => new CountingJudge(snapshot);

class CountingJudge implements RolloutJudge {
  readonly restored: boolean;
  #good = 0;
  #bad = 0;

  constructor(snapshot: unknown) {
    this.restored = Array.isArray(snapshot);
    if (Array.isArray(snapshot)) [this.#good, this.#bad] = [Number(snapshot[0]), Number(snapshot[1])];
  }

  observe(observations: readonly Observation[]): void {
    for (const { who, ok, count } of observations) {
      if (who !== "candidate") continue;
      if (ok) this.#good += count;
      else this.#bad += count;
    }
  }

  ruling(): Ruling {
    const verdict = this.#bad >= 5 ? "regressed" : this.#good >= 50 ? "healthy" : "undecided";
    return {
      verdict,
      because: `${this.#bad} errors and ${this.#good} good answers of the candidate`,
      evidence: [
        { name: "worse", value: this.#bad, threshold: 5 },
        { name: "no more errors", value: this.#good, threshold: 50 },
      ],
      misdirected: false,
    };
  }

  snapshot(): unknown {
    return [this.#good, this.#bad];
  }
}
