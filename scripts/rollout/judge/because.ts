import { digits, percent } from "../../format.ts";
import { PARTS } from "./defaults.ts";
import { type ArmEvidence, type Evidence, type JudgeOptions, TESTS, type TestName } from "./types.ts";

/** The claims about a healthy candidate. */
export interface Claims {
  options: JudgeOptions;
  /** The share that the candidate would get, 0 to 1. */
  next: number;
  misdirectedFrom: number;
}

/** Explains why a candidate regressed: the test with the most weight, with the numbers of both revisions. */
export function explainRegression(evidence: Evidence, { alpha, tolerate }: JudgeOptions): string {
  const { baseline, candidate, gateway, worse } = evidence;
  const weight = (test: TestName): number => worse.tests[test] + Math.log(PARTS[test]);
  const [test = "errors"] = [...TESTS].sort((a, b) => weight(b) - weight(a));
  const chance = `seen with probability ${percent(alpha)} at most if it were no worse than tolerated`;
  const slower = (where: string, at: "median" | "p99"): string =>
    `the candidate takes more than ${digits(1 + tolerate.latency)} times as long as the baseline ${where}: ` +
    `${latency(candidate, at)} against ${latency(baseline, at)} at ${at === "p99" ? at : "the median"}, ${chance}`;
  switch (test) {
    case "errors":
      return `the candidate fails more often than the baseline: ${failures(candidate)} against ${failures(baseline)}, ${chance}`;
    case "rejected":
      return `the candidate rejects requests (4xx) more often than the baseline: ${marked(candidate, "rejected")} against ${marked(baseline, "rejected")}, ${chance}`;
    case "abandoned":
      return `callers give up on the candidate more often than on the baseline: ${marked(candidate, "abandoned")} against ${marked(baseline, "abandoned")}, ${chance}`;
    case "unanswered":
      return `callers gave up on ${gateway.abandoned} requests before an answer named the revision, more than before the candidate had a share, and only ${candidate.requests} of ${baseline.requests + candidate.requests} answers are the candidate's, fewer than its share explains: ${chance}`;
    case "latency":
      return slower("on the whole", "median");
    case "p99":
      return slower("in its slowest requests", "p99");
    case "gateway":
      return `the gateway answered ${gateway.failed} requests with failures of neither revision, more than before the candidate had a share: ${chance}`;
    case "alone":
      return `with all traffic most requests fail, which they did not before: the candidate fails ${failures(candidate)} against ${failures(baseline)}, ${chance}`;
  }
}

/** Decides whether a candidate is healthy, and returns a sentence with the claims or with the missing evidence. */
export function explainDecision(evidence: Evidence, claims: Claims): { healthy: boolean; because: string } {
  const { notWorse, misdirected, candidate } = evidence;
  const { misdirectedFrom, options, next } = claims;
  if (evidence.runs >= misdirectedFrom && evidence.runs > misdirected) {
    return {
      healthy: false,
      because:
        "requests are assigned in runs, as with sticky sessions, so nothing is claimed of the candidate: give each request a unit",
    };
  }
  if (misdirected >= misdirectedFrom) {
    const all = evidence.baseline.requests + candidate.requests;
    return {
      healthy: false,
      because: `requests are not split as the shares say: ${candidate.requests} of ${all} went to the candidate, so nothing is claimed of it`,
    };
  }
  const missing = (["errors", "median", "p99"] as const).filter(
    (test) => notWorse.tests[test] < notWorse.threshold,
  );
  if (missing.length === 0) return { healthy: true, because: claim(options, next) };
  if (candidate.requests === 0)
    return { healthy: false, because: "no request of the candidate was seen yet" };
  const lacks = missing.map(
    (test) => `${test} ${digits(Math.max(0, notWorse.tests[test]))} of ${digits(notWorse.threshold)}`,
  );
  return {
    healthy: false,
    because: `after ${candidate.requests} requests of the candidate there is not enough evidence either way: ${lacks.join(", ")}${missing.includes("p99") ? bucketNote(evidence, options) : ""}`,
  };
}

/** Says that more requests may not help, where the latency buckets of the source are too wide for the claim about p99. */
function bucketNote({ slowAtP99: { requests, unclear } }: Evidence, { harm }: JudgeOptions): string {
  // With exact latencies there is none; a rare one does not stop the claim.
  if (unclear * 2 <= requests || unclear < 5) return "";
  return (
    `; ${unclear} of its ${requests} slow requests are in a latency bucket that begins below ${digits(1 + harm.latency)} times ` +
    "the baseline's p99, so more requests alone may not prove p99: use a source with finer buckets, a higher --tolerate-latency, or --on-undecided"
  );
}

function claim({ beta, harm }: JudgeOptions, next: number): string {
  const rate = percent(Math.min(1, harm.errorRate / next));
  return (
    `with ${percent(1 - beta)} certainty the candidate fails less than ${digits(1 + harm.errors)} times as often as the baseline, ` +
    `or less than ${rate} of the time, and takes less than ${digits(1 + harm.latency)} times as long at the median and at p99`
  );
}

function failures({ requests, failed, errors }: ArmEvidence): string {
  return errors === undefined ? "no request" : `${failed} of ${requests} requests (${percent(errors.value)})`;
}

function marked(arm: ArmEvidence, mark: "rejected" | "abandoned"): string {
  return `${arm[mark]} of ${arm.requests} requests`;
}

function latency(arm: ArmEvidence, at: "median" | "p99"): string {
  const ms = arm[at]?.value;
  return ms === undefined ? "nothing" : `${digits(ms)} ms`;
}
