import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { counted, percent } from "../../format.ts";
import { GuardFields } from "../judge/snapshot.ts";
import { RateGuard } from "../judge/statistics/rate-guard.ts";
import type { Settings } from "../plan/settings.ts";
import {
  type CheckSample,
  type MakeJudge,
  type Observation,
  type RolloutJudge,
  type Ruling,
  withPartOfAlpha,
} from "./rollout-judge.ts";

/** The failure rate that a preview may always have: its callers are few, and experiment. */
const LEAST_FAILURES = 0.02;

const Snapshot = Type.Object({
  split: Type.Unknown(),
  guard: GuardFields,
  seen: Type.Object({ requests: Type.Integer(), failed: Type.Integer() }),
});
type Snapshot = Static<typeof Snapshot>;

/**
 * Makes the judge of a rollout that begins with a preview. The callers of a preview are not a random sample, so they
 * are not compared with others: a `RateGuard` learns the failure rate of the baseline, including rejections and
 * callers that give up, and detects that the preview fails more than twice as often, and in more than
 * `LEAST_FAILURES` of its requests. Half of alpha is for the preview, the other half for the rest of the rollout.
 */
export function previewJudge(settings: Settings, snapshot: unknown, makeJudge: MakeJudge): RolloutJudge {
  return new PreviewJudge(settings, Check(Snapshot, snapshot) ? snapshot : undefined, makeJudge);
}

class PreviewJudge implements RolloutJudge {
  readonly restored: boolean;
  readonly #split: RolloutJudge;
  readonly #guard: RateGuard;
  readonly #threshold: number;
  readonly #seen: Snapshot["seen"];
  #found = false;

  constructor(settings: Settings, snapshot: Snapshot | undefined, makeJudge: MakeJudge) {
    const half = withPartOfAlpha(settings, 2);
    this.#split = makeJudge(half, snapshot?.split);
    this.restored = snapshot !== undefined && this.#split.restored;
    // Half of it is for the interval of the baseline, half for the e-process.
    this.#guard = new RateGuard(half.alpha / 2, Math.max(LEAST_FAILURES, settings.tolerateErrorRate));
    this.#threshold = 2 / half.alpha;
    this.#seen = { ...(snapshot?.seen ?? { requests: 0, failed: 0 }) };
    if (snapshot === undefined) return;
    this.#guard.restore(snapshot.guard);
    this.#found = this.#guard.value >= this.#threshold;
  }

  observe(observations: readonly Observation[]): void {
    const ofSplit = observations.filter(({ preview }) => preview !== true);
    if (ofSplit.length > 0) this.#split.observe(ofSplit);
    for (const each of observations) {
      const failed = !each.ok || each.kind !== undefined;
      if (each.preview !== true) {
        // Once the candidate has a share, the split's judge compares it.
        if (each.who === "baseline" && each.share === 0)
          for (let i = 0; i < each.count; i++) this.#guard.before(failed);
        continue;
      }
      this.#seen.requests += each.count;
      if (failed) this.#seen.failed += each.count;
      for (let i = 0; i < each.count && !this.#found; i++) {
        this.#guard.after(failed, each.atMs / 1000);
        this.#found = this.#guard.value >= this.#threshold;
      }
    }
  }

  compare(sample: CheckSample): void {
    this.#split.compare?.(sample);
  }

  ruling(next: number): Ruling {
    const ofSplit = this.#split.ruling(next);
    if (ofSplit.verdict === "regressed" || !this.#found) return ofSplit;
    const { requests, failed } = this.#seen;
    const because = `in the preview ${counted(failed, "request")} of ${requests} failed, more than ${percent(this.#guard.limit)}, the limit that follows from the baseline, which has probability ${percent(1 / this.#threshold)} at most if it failed no more often`;
    return { ...ofSplit, verdict: "regressed", because };
  }

  snapshot(): Snapshot {
    return { split: this.#split.snapshot(), guard: this.#guard.snapshot(), seen: { ...this.#seen } };
  }
}
