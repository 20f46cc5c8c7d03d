import type { OutcomeKind } from "../../traffic/outcome-kind.ts";
import type { JudgeSnapshot } from "./snapshot.ts";

/** What answered a request: one of the two revisions, or the gateway itself where no revision is known to have. */
export type Arm = "baseline" | "candidate" | "gateway";

/** Why a request is not evidence about a revision. Such requests are counted and reported, but not judged. */
export const EXCLUSIONS = ["cold start", "probe", "caller", "mirrored", "pinned", "sampled out"] as const;
export type Exclusion = (typeof EXCLUSIONS)[number];

/** One answered request, or `count` requests alike in everything. */
export interface Observation {
  /** Seconds, from any origin; not falling. */
  t: number;
  revision: Arm;
  /** False for failures of the service (5xx, a reset, a timeout, a wrong answer) and for callers that gave up. */
  ok: boolean;
  /** The kind of outcome, if more than `ok` is known; see `outcomeKind`. */
  kind?: OutcomeKind | undefined;
  /**
   * Whom the request was for, where the split keeps each applicant or session on one revision: failures of one unit are
   * one piece of evidence. Any text; a hash is enough.
   */
  unit?: string | undefined;
  /** Milliseconds until it was answered. */
  ms: number;
  /**
   * Where only a histogram is known: it took longer than this, and `ms` at most. Each comparison takes the end that
   * speaks against what it would show. `ms` unless given.
   */
  fromMs?: number | undefined;
  /** The share of requests, 0 to 1, that the split gave to the candidate when this one was sent on its way. */
  share: number;
  /** How many requests this represents. @default 1 */
  count?: number | undefined;
  excluded?: Exclusion | undefined;
}

export type VerdictName = "healthy" | "regressed" | "undecided";

/** What the judge holds of the candidate now. */
export interface Verdict {
  verdict: VerdictName;
  /** When it fell: seconds of the observations' clock. An undecided one is as old as the last observation. */
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

/** An estimate, and an interval that holds at all times at once with the certainty of `healthy`. */
export interface Estimate {
  low: number;
  value: number;
  high: number;
}

/** What was seen of one revision. */
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

/** The numbers behind a verdict. Logarithms are natural; no evidence, an e-value of 1, is 0. */
export interface Evidence {
  /** When: the last observation. */
  t: number;
  /** The share in force at the last observation, 0 to 1. */
  share: number;
  /** That the candidate is worse than tolerated: regressed once `logE` has reached `threshold`, ln(1/alpha). */
  worse: {
    logE: number;
    /** The highest so far, which decides: the verdict does not depend on when it is asked for. */
    peak: number;
    threshold: number;
    /** Each test, before weighting; together they make `logE`. */
    tests: Record<TestName, number>;
  };
  /** That it is not worse: healthy once each has reached `threshold`, ln(1/beta). Restarts at each higher share. */
  notWorse: { threshold: number; tests: Record<"errors" | "median" | "p99", number> };
  baseline: ArmEvidence;
  candidate: ArmEvidence;
  /**
   * Requests of no known revision while the candidate had a share: how many of them failed, mostly the gateway's own
   * answers, and how many their callers gave up before an answer named the revision.
   */
  gateway: { requests: number; failed: number; abandoned: number };
  /**
   * That requests are not split as the shares say, which all else rests on: told from ln(1000) on, and nothing is called
   * healthy then.
   */
  misdirected: number;
  /** That the split assigns requests in runs, as with sticky sessions: told from ln(1000) on, and nothing is called healthy then. */
  runs: number;
  /** Requests that were not judged, by the reason. */
  excluded: Record<string, number>;
}

/** What is judged how strictly. */
export interface JudgeOptions {
  /** The probability, at most, that a whole rollout calls a candidate regressed that is not worse than tolerated. */
  alpha: number;
  /** The probability, at most, that a step calls a candidate healthy that is as bad as `harm` says. */
  beta: number;
  /** Differences that are no regression. */
  tolerate: {
    /** How much more often the candidate may fail, relative to the baseline: 0.1 for a tenth more. */
    errors: number;
    /** Failing in at most this fraction of its requests is harmless, regardless of the baseline. */
    errorRate: number;
    /** How much longer it may take, on the whole and at p99, relative to the baseline. */
    latency: number;
  };
  /** What `healthy` excludes: the smallest difference that would do harm. Never less than what is tolerated. */
  harm: {
    /** Failing this much more often than the baseline: 1 for twice as often … */
    errors: number;
    /** … unless less than this share of all requests would fail by it. */
    errorRate: number;
    /** Taking this much longer at the median, or at p99. */
    latency: number;
  };
}

/** Compares a candidate with its baseline, in constant memory. */
export interface Judge {
  readonly options: JudgeOptions;
  /** @throws RangeError for a time, share, duration or count that cannot be */
  observe(observation: Observation): void;
  observeMany(observations: Iterable<Observation>): void;
  /** Whether it is decided that the candidate regressed: cheap enough for each request. It stays so. */
  readonly regressed: boolean;
  /**
   * What is held now.
   * @param next the share, 0 to 1, that the candidate would get if it were healthy; less has to be proved for a small
   *   one, as less harm can come of it. 1 unless given
   */
  verdict(next?: number): Verdict;
  /** The whole state, as plain JSON. */
  snapshot(): JudgeSnapshot;
}
