import { createJudge } from "../judge/judge.ts";
import { mixedSeed, seededRandom } from "../../traffic/random.ts";
import type { Traffic } from "./look.ts";
import type { Plan } from "./plan.ts";
import { shareOf } from "./plan.ts";

/** The expected detection times of a step, in milliseconds; infinite for more than a day. */
export interface StepForecast {
  percent: number;
  /** Requests per minute to the candidate. */
  candidatePerMinute: number;
  /** The time until a candidate with this error rate is detected. */
  detects: { errors: number; ms: number }[];
  /** The time until a candidate that equals the baseline is called healthy. */
  healthyMs: number;
}

/** The error rates of candidates in a forecast. */
export const FORECAST_ERRORS = [0.01, 0.05, 1] as const;

const DAY_MS = 86_400_000;
// The assumed error rate of a baseline without an observed failure.
const LEAST_ERRORS = 0.001;
const MOST_REQUESTS = 60_000;

/** Forecasts each step, given the observed traffic. */
export function forecast(plan: Plan, traffic: Traffic): StepForecast[] {
  const { alpha } = plan.settings;
  return plan.steps.map(({ percent, targets, preview }, i) => {
    // The number of callers of a preview is unknown beforehand.
    if (preview)
      return { percent, candidatePerMinute: 0, detects: [], healthyMs: plan.settings.preview?.forMs ?? 0 };
    const share = shareOf(plan, targets);
    const baseline = Math.max(LEAST_ERRORS, traffic.errors ?? 0);
    const detects = FORECAST_ERRORS.filter((errors) => errors > 2 * baseline).map((errors) => ({
      errors,
      ms: time(detectionRequests(share, baseline, errors, alpha), traffic.rps),
    }));
    const next = (plan.steps[i + 1]?.percent ?? 100) / 100;
    const healthyMs = percent === 100 ? plan.settings.bakeMs : healthyTime(plan, share, next, traffic);
    return { percent, candidatePerMinute: (traffic.rps * 60 * percent) / 100, detects, healthyMs };
  });
}

/**
 * Returns the average number of requests, of both revisions, until a sequential test at this level distinguishes a
 * candidate and a baseline with these failure probabilities: ln(14/alpha), the judge's threshold including the cost
 * of not knowing the difference in advance, divided by the evidence of one request. That evidence is the mutual
 * information between the revision and the outcome; no test grows faster. (Wald, Sequential Tests of Statistical
 * Hypotheses, 1945)
 */
export function detectionRequests(share: number, baseline: number, candidate: number, alpha: number): number {
  const failed = share * candidate + (1 - share) * baseline;
  const ofFailed = (share * candidate) / failed;
  const ofRest = failed === 1 ? share : (share * (1 - candidate)) / (1 - failed);
  const evidence = failed * divergence(ofFailed, share) + (1 - failed) * divergence(ofRest, share);
  return evidence <= 0 ? Number.POSITIVE_INFINITY : Math.log(14 / alpha) / evidence;
}

/** Returns the divergence of one Bernoulli distribution from another, in nats (Kullback and Leibler 1951). */
function divergence(p: number, q: number): number {
  const term = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
  return term(p, q) + term(1 - p, 1 - q);
}

/**
 * Returns the time until the judge calls a candidate healthy that equals the baseline: the median of three
 * simulations.
 */
function healthyTime({ settings }: Plan, share: number, next: number, traffic: Traffic): number {
  if (traffic.rps === 0) return Number.POSITIVE_INFINITY;
  const { alpha, beta, tolerateErrors, tolerateErrorRate, tolerateLatency, latencyFloorMs } = settings;
  const errors = traffic.errors ?? 0;
  const [median, p99] = [traffic.median ?? 10, traffic.p99 ?? 20];
  // A lognormal with this median and p99.
  const spread = Math.max(0.05, Math.log(p99 / median) / 2.326);
  const trials = [1, 2, 3].map((seed) => {
    const random = seededRandom(mixedSeed(seed));
    const judge = createJudge({
      alpha,
      beta,
      tolerate: { errors: tolerateErrors, errorRate: tolerateErrorRate, latency: tolerateLatency },
    });
    for (let i = 1; i <= MOST_REQUESTS; i++) {
      const revision = random() < share ? "candidate" : "baseline";
      const ms = Math.max(latencyFloorMs, median * Math.exp(spread * normal(random)));
      judge.observe({ t: i / traffic.rps, revision, ok: random() >= errors, ms, share });
      if (i % 50 === 0 && judge.verdict(next).verdict === "healthy") return time(i, traffic.rps);
    }
    return Number.POSITIVE_INFINITY;
  });
  return trials.toSorted((a, b) => a - b)[1] ?? Number.POSITIVE_INFINITY;
}

/** Returns a standard normal number (Box and Muller 1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function time(requests: number, rps: number): number {
  const ms = (requests / rps) * 1000;
  return ms <= DAY_MS ? ms : Number.POSITIVE_INFINITY;
}
