import type { AnswerValue } from "../../traffic/answer-values.ts";
import type { Settings } from "../plan/settings.ts";

/** A number of equal requests, as the judge receives them. */
export interface Observation {
  /** Milliseconds since the epoch. */
  atMs: number;
  /** `gateway` if the gateway answered itself, so that the revision is unknown. */
  who: "candidate" | "baseline" | "gateway";
  ok: boolean;
  kind?: "rejected" | "abandoned" | undefined;
  ms: number;
  /** For histograms: the latency is above this, and at most `ms`. */
  fromMs?: number | undefined;
  count: number;
  /** The candidate's share of the requests of the two at that time, from 0 to 1. */
  share: number;
  /** Whom it was for, where the split keeps each applicant on one revision: its bucket, or any other text. */
  unit?: string | undefined;
  /** Whether its caller asked for the candidate while that had no share. */
  preview?: boolean | undefined;
  /** What was asked for, such as `GET /report`; undefined where it is not known. */
  route?: string | undefined;
  /** What the answer holds of each field that the plan's checks compare, in their order. */
  answer?: readonly AnswerValue[] | undefined;
}

/** Evidence for one statement about the candidate, as a natural logarithm: it is proved at the threshold. */
export interface EvidenceLine {
  name: "worse" | "no more errors" | "no slower median" | "no slower p99";
  value: number;
  threshold: number;
}

/** What a check of one's own has found: the candidate has regressed once the value has reached the threshold. */
export interface CheckEvidence {
  name: string;
  /** As a natural logarithm. */
  value: number;
  threshold: number;
  /** What was seen, in words. */
  says: string;
}

/** The judge's verdict at one moment. */
export interface Ruling {
  verdict: "healthy" | "regressed" | "undecided";
  because: string;
  evidence: EvidenceLine[];
  /** In the order of the plan; absent where it has no checks. */
  checks?: CheckEvidence[];
  /** Whether requests are not split by the planned shares: then no verdict is healthy. */
  misdirected: boolean;
}

/** What a check read of both revisions at the same time. */
export interface CheckSample {
  atMs: number;
  /** The check's name. */
  check: string;
  candidate: number;
  baseline: number;
}

/** A judge, as a rollout uses one. */
export interface RolloutJudge {
  /** Whether it goes on from the snapshot that was given. */
  readonly restored: boolean;
  observe(observations: readonly Observation[]): void;
  /** Takes values of a check; absent where none is judged. */
  compare?(sample: CheckSample): void;
  /** @param next the share, 0 to 1, that the candidate gets when it is healthy */
  ruling(next: number): Ruling;
  /** Its state, as JSON. */
  snapshot(): unknown;
}

/** Makes a judge for a rollout, from the snapshot of an earlier one if that is readable. */
export type MakeJudge = (settings: Settings, snapshot: unknown) => RolloutJudge;

/**
 * The settings of one of several judges that share alpha. If the parts sum to at most 1, the judges together roll back a
 * candidate that is no worse with probability alpha at most (union bound).
 * @param divisor the judge gets alpha divided by it
 */
export function withPartOfAlpha(settings: Settings, divisor: number): Settings {
  return { ...settings, alpha: settings.alpha / divisor };
}
