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
  /** The candidate's share of the requests to both revisions at that time, from 0 to 1. */
  share: number;
  /** The applicant, if the split keeps each on one revision: its bucket, or any other text. */
  unit?: string | undefined;
  /** Whether its caller asked for the candidate while the candidate had no share. */
  preview?: boolean | undefined;
  /** The requested route, such as `GET /report`; undefined if it is unknown. */
  route?: string | undefined;
  /** The value of each field that the plan's checks compare, in their order. */
  answer?: readonly AnswerValue[] | undefined;
}

/** Evidence for one claim about the candidate, as a natural logarithm: it is proved at the threshold. */
export interface EvidenceLine {
  name: "worse" | "no more errors" | "no slower median" | "no slower p99";
  value: number;
  threshold: number;
}

/** The finding of a custom check: the candidate has regressed when the value has reached the threshold. */
export interface CheckEvidence {
  name: string;
  /** As a natural logarithm. */
  value: number;
  threshold: number;
  /** The observations as text. */
  says: string;
}

/** The judge's verdict at one moment. */
export interface Ruling {
  verdict: "healthy" | "regressed" | "undecided";
  because: string;
  evidence: EvidenceLine[];
  /** In the order of the plan; absent if it has no checks. */
  checks?: CheckEvidence[];
  /** Whether requests are not split by the planned shares; then no verdict is healthy. */
  misdirected: boolean;
}

/** The values of a check, read for both revisions at the same time. */
export interface CheckSample {
  atMs: number;
  /** The check's name. */
  check: string;
  candidate: number;
  baseline: number;
}

/** The judge of a rollout. */
export interface RolloutJudge {
  /** Whether it was restored from the given snapshot. */
  readonly restored: boolean;
  observe(observations: readonly Observation[]): void;
  /** Observes values of a check; absent if none is judged. */
  compare?(sample: CheckSample): void;
  /** @param next the share, 0 to 1, that the candidate gets if it is healthy */
  ruling(next: number): Ruling;
  /** Its state, as JSON. */
  snapshot(): unknown;
}

/** Makes a judge for a rollout, restored from an earlier snapshot if that is readable. */
export type MakeJudge = (settings: Settings, snapshot: unknown) => RolloutJudge;

/**
 * The settings of one of several judges that share alpha. If the parts sum to at most 1, the judges together roll back a
 * candidate that is no worse with probability alpha at most (union bound).
 * @param divisor the judge gets alpha divided by it
 */
export function withPartOfAlpha(settings: Settings, divisor: number): Settings {
  return { ...settings, alpha: settings.alpha / divisor };
}
