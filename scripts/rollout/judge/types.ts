import type { OutcomeKind } from "../../traffic/outcome-kind.ts";
import type { JudgeSnapshot } from "./snapshot.ts";

/** The origin of an answer: one of the two revisions, or the gateway itself if no revision is known. */
export type Arm = "baseline" | "candidate" | "gateway";

/** Why a request is not evidence about a revision. Such requests are counted and reported, but not judged. */
export const EXCLUSIONS = ["cold start", "probe", "caller", "mirrored", "pinned", "sampled out"] as const;
export type Exclusion = (typeof EXCLUSIONS)[number];

/** One answered request, or `count` identical requests. */
export interface Observation {
  /** Seconds from any origin, not decreasing. */
  t: number;
  revision: Arm;
  /** False for failures of the service (5xx, a reset, a timeout, a wrong answer) and for callers that gave up. */
  ok: boolean;
  /** The kind of outcome, if more than `ok` is known; see `outcomeKind`. */
  kind?: OutcomeKind | undefined;
  /**
   * The applicant or session, if the split keeps each on one revision: failures of one unit are one piece of
   * evidence. Any text; a hash is sufficient.
   */
  unit?: string | undefined;
  /** Milliseconds until it was answered. */
  ms: number;
  /**
   * If only a histogram is known: the latency is above this, and at most `ms`. Each comparison uses the bound to its
   * disadvantage.
   * @default `ms`
   */
  fromMs?: number | undefined;
  /** The candidate's share of the split, 0 to 1, when this request was sent. */
  share: number;
  /** The number of requests that this represents. @default 1 */
  count?: number | undefined;
  excluded?: Exclusion | undefined;
}

export type VerdictName = "healthy" | "regressed" | "undecided";

/** The judge's current verdict on the candidate. */
export interface Verdict {
  verdict: VerdictName;
  /**
   * The time of the verdict in seconds of the observations' clock; for an undecided one, that of the last
   * observation.
   */
  t: number;
  /** One sentence for people. */
  because: string;
  evidence: Evidence;
}

/** The tests, each with its own e-process. */
export const TESTS = [
  "errors",
  "rejected",
  "abandoned",
  "unanswered",
  "latency",
  "p99",
  "gateway",
  "alone",
] as const;
export type TestName = (typeof TESTS)[number];

/** An estimate, and an interval that holds at all times simultaneously with the certainty of `healthy`. */
export interface Estimate {
  low: number;
  value: number;
  high: number;
}

/** The observations of one revision. */
export interface ArmEvidence {
  requests: number;
  failed: number;
  /** Requests that were answered with 4xx, and those that their callers gave up. */
  rejected: number;
  abandoned: number;
  /** The share of requests that failed, 0 to 1; undefined before the first. */
  errors: Estimate | undefined;
  /** Milliseconds, of the requests that did not fail; undefined before the first. */
  median: Estimate | undefined;
  p99: Estimate | undefined;
}

/** The numbers behind a verdict. Logarithms are natural; an e-value of 1, no evidence, is 0. */
export interface Evidence {
  /** The time of the last observation. */
  t: number;
  /** The share in force at the last observation, 0 to 1. */
  share: number;
  /**
   * Evidence that the candidate is worse than tolerated: regressed when `peak` has reached `threshold`, ln(1/alpha).
   */
  worse: {
    logE: number;
    /** The highest `logE` so far, which decides: the verdict does not depend on the time of the query. */
    peak: number;
    threshold: number;
    /** Each test before weighting; together they make `logE`. */
    tests: Record<TestName, number>;
  };
  /**
   * Evidence that it is not worse: healthy when each has reached `threshold`, ln(1/beta). Restarts at each higher
   * share.
   */
  notWorse: { threshold: number; tests: Record<"errors" | "median" | "p99", number> };
  /**
   * The candidate's requests in this step that count as harmfully slow at p99, and of those the number that may not be:
   * only a bucket is known of their latency, and it begins below the harmful latency.
   */
  slowAtP99: { requests: number; unclear: number };
  baseline: ArmEvidence;
  candidate: ArmEvidence;
  /**
   * Requests of no known revision while the candidate had a share: the number that failed, mostly the gateway's own
   * answers, and the number whose callers gave up before an answer named the revision.
   */
  gateway: { requests: number; failed: number; abandoned: number };
  /**
   * Evidence that requests are not split by the shares, on which the other tests depend: reported from ln(1000), and
   * then nothing is called healthy.
   */
  misdirected: number;
  /**
   * Evidence that the split assigns requests in runs, as with sticky sessions: reported from ln(1000), and then
   * nothing is called healthy.
   */
  runs: number;
  /** Requests that were not judged, by the reason. */
  excluded: Record<string, number>;
}

/** The options of a judge. */
export interface JudgeOptions {
  /** The maximal probability that a whole rollout calls a candidate regressed that is not worse than tolerated. */
  alpha: number;
  /** The maximal probability that a step calls a candidate healthy that is as bad as `harm`. */
  beta: number;
  /** Differences that are not a regression. */
  tolerate: {
    /** How much more often the candidate may fail, relative to the baseline: 0.1 for a tenth more. */
    errors: number;
    /** Failing in at most this fraction of its requests is harmless, regardless of the baseline. */
    errorRate: number;
    /** How much longer it may take, on the whole and at p99, relative to the baseline. */
    latency: number;
  };
  /** Differences that `healthy` excludes: the smallest harmful ones. Never less than the tolerated ones. */
  harm: {
    /** This relative increase of failures: 1 for twice as often … */
    errors: number;
    /** … unless it would make less than this share of all requests fail. */
    errorRate: number;
    /** Taking this much longer at the median, or at p99. */
    latency: number;
  };
}

/** Compares a candidate with its baseline, in constant memory. */
export interface Judge {
  readonly options: JudgeOptions;
  /** @throws RangeError for an impossible time, share, duration or count */
  observe(observation: Observation): void;
  observeMany(observations: Iterable<Observation>): void;
  /** Whether the candidate regressed, which is final. Cheap enough for each request. */
  readonly regressed: boolean;
  /**
   * Returns the current verdict.
   * @param next the share, 0 to 1, that the candidate would get if it were healthy; a small share needs less
   *   evidence, as it can do less harm. 1 by default
   */
  verdict(next?: number): Verdict;
  /** The whole state, as plain JSON. */
  snapshot(): JudgeSnapshot;
}
