import type { Outcome } from "../../sources/source.ts";
import type { Plan } from "../plan/plan.ts";
import { answerFieldsOf } from "../plan/settings.ts";
import type { CheckSample, RolloutJudge, Observation, Ruling } from "../rollout-judge/rollout-judge.ts";
import { type AtStep, type Checkpoint, Timeline } from "./timeline.ts";
import type { Shares } from "./share-history.ts";
import { Failures } from "./failures.ts";
import { count, emptyTally, exclude, type Tally } from "../tally.ts";

/**
 * Counts the outcomes of requests, and passes those that are evidence to the judge, with the share that was in
 * force when they were answered. Outcomes that are not evidence are counted by reason.
 */
export class OutcomeRecorder {
  readonly #plan: Plan;
  readonly #judge: RolloutJudge;
  readonly #shares: Shares;
  readonly tally: Tally;
  readonly course: Timeline;
  readonly #failures: Failures;
  /** The fields of answers that the plan's checks compare. */
  readonly #fields: readonly string[];
  /** When the last counted request of each revision was answered. */
  readonly #lastMs = { candidate: Number.NEGATIVE_INFINITY, baseline: Number.NEGATIVE_INFINITY };
  /** The requests of the current step, to compare the observed share with the planned one. */
  #atStep = { fromMs: 0, candidate: 0, both: 0, coveredMs: 0 };
  #isPreview = false;
  /** The requests of the preview. */
  readonly preview: { requests: number; failed: number };

  constructor(plan: Plan, judge: RolloutJudge, shares: Shares, saved: Checkpoint | undefined) {
    this.#plan = plan;
    this.#judge = judge;
    this.#shares = shares;
    this.#fields = answerFieldsOf(plan.settings);
    this.tally = saved?.tally ?? emptyTally();
    this.preview = { ...(saved?.preview ?? { requests: 0, failed: 0 }) };
    this.#failures = new Failures(saved?.failures);
    this.course = new Timeline(saved?.course);
  }

  hear(outcomes: readonly Outcome[]): void {
    const evidence: Observation[] = [];
    for (const outcome of outcomes) {
      const observation = this.#weigh(outcome);
      if (observation !== undefined) evidence.push(observation);
    }
    if (evidence.length > 0) this.#judge.observe(evidence);
  }

  /** Records values of checks if both revisions had a share while they were measured. */
  compare(samples: readonly CheckSample[], sinceMs: number): void {
    for (const sample of samples) {
      const share = this.#shares.during(sinceMs, sample.atMs);
      if (share !== undefined && share > 0 && share < 1) this.#judge.compare?.(sample);
    }
  }

  /** @param next the share in percent that the candidate gets if it is healthy */
  ruling(next: number): Ruling {
    return this.#judge.ruling(next / 100);
  }

  /** Called when a step comes into force. */
  stepBegins(fromMs: number, isPreview = false): void {
    this.#isPreview = isPreview;
    this.#atStep = { fromMs, candidate: 0, both: 0, coveredMs: 0 };
  }

  /** How much of this step the reported outcomes cover, in milliseconds; a source with a lag reports late. */
  get coveredMs(): number {
    return this.#atStep.coveredMs;
  }

  /** The requests of this step. */
  get atStep(): AtStep {
    const { candidate, both } = this.#atStep;
    return { candidate, both };
  }

  /** How long no request of a revision was answered, in milliseconds since `sinceMs` at most. */
  silentFor(side: "candidate" | "baseline", sinceMs: number, nowMs: number): number {
    return nowMs - Math.max(sinceMs, this.#lastMs[side]);
  }

  note(atMs: number, planned: number, { verdict, evidence }: Ruling, matters: boolean): void {
    const { candidate, baseline } = this.tally;
    const counts = ({ requests, errors }: { requests: number; errors: number }) => ({ requests, errors });
    this.course.add(
      { atMs, planned, candidate: counts(candidate), baseline: counts(baseline), verdict, evidence },
      matters,
    );
  }

  saved(atMs: number): Checkpoint {
    return {
      atMs,
      judge: this.#judge.snapshot(),
      tally: this.tally,
      failures: this.#failures.saved,
      preview: this.preview,
      atStep: this.atStep,
      course: this.course.saved,
    };
  }

  #weigh(outcome: Outcome): Observation | undefined {
    const { tally } = this;
    const {
      revision,
      ok,
      kind,
      ms,
      fromMs,
      count: requests,
      atMs,
      sinceMs = atMs,
      excluded,
      unit,
      route,
      answer,
    } = outcome;
    // The split at the time when the request was sent applies to it, which was between these times.
    const earliestMs = sinceMs - ms;
    const latestMs = atMs - (fromMs ?? ms);
    const who = this.#who(revision);
    // Callers that reach the candidate while it has no share asked for it.
    const isPreview = this.#isPreview && who === "candidate" && earliestMs >= this.#atStep.fromMs;
    if (outcome.pinned && !isPreview) return undefined;
    if (who === undefined) {
      tally.others += requests;
      return undefined;
    }
    if (excluded !== undefined) return void exclude(tally, excluded, requests);
    if (who === "gateway") tally.gateway += ok ? 0 : requests;
    else {
      count(tally[who], ok, ms, requests);
      this.#failures.add(who, outcome);
      this.#lastMs[who] = Math.max(this.#lastMs[who], atMs);
      if (earliestMs >= this.#atStep.fromMs) {
        this.#atStep.both += requests;
        this.#atStep.coveredMs = Math.max(this.#atStep.coveredMs, atMs - this.#atStep.fromMs);
        if (who === "candidate") this.#atStep.candidate += requests;
      }
    }
    const share = this.#shares.during(earliestMs, latestMs);
    if (share === undefined) return void exclude(tally, "the split was changing", requests);
    // A caller addressed a revision without a share by the revision's own host.
    if (isPreview) {
      this.preview.requests += requests;
      if (!ok || kind !== undefined) this.preview.failed += requests;
    } else if ((who === "candidate" && share === 0) || (who === "baseline" && share === 1))
      return void exclude(tally, "asked for by name", requests);
    return {
      atMs: Math.round(atMs),
      who,
      ok,
      kind,
      ms: microseconds(ms),
      fromMs: fromMs === undefined ? undefined : microseconds(fromMs),
      count: requests,
      share,
      preview: isPreview ? true : undefined,
      unit,
      route: this.#plan.settings.byRoute ? route : undefined,
      answer:
        answer === undefined || this.#fields.length === 0
          ? undefined
          : this.#fields.map((field) => answer[field] ?? { missing: "not reported" }),
    };
  }

  #who(revision: string | undefined): Observation["who"] | undefined {
    if (revision === undefined) return "gateway";
    if (revision === this.#plan.candidate) return "candidate";
    return revision === this.#plan.baseline ? "baseline" : undefined;
  }
}

/** Rounds milliseconds to three decimals, so that the recorded values are those that were judged. */
function microseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
