import { ArmCounts } from "./arm.ts";
import { type Claims, explainDecision, explainRegression } from "./because.ts";
import { isOk, type OutcomeKind } from "../../traffic/outcome-kind.ts";
import { judgeOptions, type SomeJudgeOptions } from "./options.ts";
import { type JudgeSnapshot, readSnapshot } from "./snapshot.ts";
import { MISDIRECTED_FROM } from "./defaults.ts";
import { Tests } from "./tests.ts";
import type { Evidence, Judge, JudgeOptions, Observation, Verdict } from "./types.ts";

export type { SomeJudgeOptions } from "./options.ts";
export type { JudgeSnapshot } from "./snapshot.ts";
export type { Evidence, Judge, JudgeOptions, Observation, Verdict } from "./types.ts";

/**
 * Creates the judge of one rollout, for its whole duration.
 *
 * Theorem 1. Let failures be independent given the time, with a probability that may change with time for both
 * revisions, and let the candidate's be at most `1 + tolerate.errors` times the baseline's. Then a whole rollout ends
 * in `regressed` because of errors with probability alpha at most, for any duration and any number of queries. Proof:
 * request by request the wealth of all bets, weighted by `PARTS`, is a supermartingale (`ShareTest`), so it reaches
 * 1/alpha with that probability at most (Ville 1939). The judge never counts more than that wealth: a cluster of
 * failures counts at most as much as its first failure, and a limited gain at most as much as the gain. The same
 * holds for latencies that are stochastically no larger than tolerated (`RankTest`).
 *
 * Theorem 2. Let there also be mishaps: periods of at most `LONGEST_MISHAP` seconds in which one revision fails
 * arbitrarily, each a single episode (`Episodes`), which a partial outage at a few requests per second need not be. A
 * mishap of the candidate that shows as a cluster multiplies a bet on failures with ratio r by at most c = 2r/(r + 1)
 * < 2, and one that shows as a single failure by the factor of that failure, at most 1/w at a share w. So with N
 * mishaps of the candidate, at times that are independent of everything else, `regressed` has at most probability
 * alpha times the mean of the product of these factors: 2^N if all show as clusters; no single mishap decides. If a
 * visible mishap affects either revision with probability 1/2, the mean factor is at most (c + b)/2, with b for one
 * failure of the baseline; at a share of a half b = 2/(r + 1), so c + b = 2, the mean factor is 1, and the bound is
 * alpha again. Bets on all requests gain a factor of at most e² per second, and lose it by the candidate's next
 * successes.
 *
 * Levels of latency: a bet on latency gains a factor of at most e^4.2 within 30 seconds, which is less than the
 * threshold, and stakes only as much of the wealth as the spread of the baseline's own levels permits (`Steadiness`);
 * beyond theorem 1 no bound is claimed for them, and `kyc bench judge` has the figures.
 *
 * Callers that give up on an unknown revision have a test with assumptions of its own (`UnansweredTest`).
 *
 * Detection time: a candidate that always fails, beside a baseline that does not, is detected after about
 * ln(14/alpha) / H(w) requests of both, and after four seconds at the earliest, where H(w) = -w ln w - (1-w) ln(1-w)
 * is the most information of one request.
 * @throws RangeError for an option out of its range
 */
export function createJudge(options: SomeJudgeOptions = {}): Judge {
  return new TrafficJudge(judgeOptions(options));
}

/** Restores a judge from a snapshot. @throws TypeError if it is not a snapshot of this version */
export function restoreJudge(snapshot: unknown): Judge {
  const state = readSnapshot(snapshot);
  const judge = new TrafficJudge(judgeOptions(state.options));
  judge.restore(state);
  return judge;
}

class TrafficJudge implements Judge {
  readonly options: JudgeOptions;
  readonly #threshold: number;
  readonly #tests: Tests;
  readonly #baseline = new ArmCounts();
  readonly #candidate = new ArmCounts();
  #gatewayRequests = 0;
  #gatewayFailed = 0;
  #gatewayAbandoned = 0;
  readonly #excluded = new Map<string, number>();
  #t = Number.NEGATIVE_INFINITY;
  #share = 0;
  #peak = 1;
  #fell: { t: number; because: string } | undefined;
  #healthySince: number | undefined;

  constructor(options: JudgeOptions) {
    this.options = options;
    this.#threshold = 1 / options.alpha;
    this.#tests = new Tests(options);
  }

  get regressed(): boolean {
    return this.#fell !== undefined;
  }

  observe(observation: Observation): void {
    const { t, revision, ok, ms, share, excluded, unit } = observation;
    const kind = observation.kind ?? (ok ? "success" : "error");
    const count = observation.count ?? 1;
    const fromMs = observation.fromMs ?? ms;
    if (!(
      Number.isFinite(t) &&
      ms >= fromMs &&
      fromMs >= 0 &&
      ms < 1e12 &&
      share >= 0 &&
      share <= 1 &&
      (isCount(count) || (excluded !== undefined && Number.isSafeInteger(count) && count > 0)) &&
      isOk(kind) === ok
    )) {
      throw new RangeError(complaint(observation));
    }
    if (t > this.#t) this.#t = t;
    this.#share = share;
    if (excluded !== undefined) return this.#exclude(excluded, count);
    if (revision === "candidate" ? share === 0 : revision === "baseline" && share === 1) {
      return this.#exclude("unsplit", count);
    }
    // Equal requests are observed one by one, so that the batch size does not change the result.
    let left = count;
    while (left > 0 && this.#fell === undefined) {
      this.#count(revision, kind, ms, share, 1);
      this.#tests.observe(this.#t, revision, kind, fromMs, ms, share, unit);
      left--;
      const { value } = this.#tests;
      if (value <= this.#peak) continue;
      this.#peak = value;
      if (value >= this.#threshold)
        this.#fell = { t: this.#t, because: explainRegression(this.#evidence(1), this.options) };
    }
    // A decided rollout needs no more evidence.
    if (left > 0) this.#count(revision, kind, ms, share, left);
  }

  observeMany(observations: Iterable<Observation>): void {
    for (const observation of observations) this.observe(observation);
  }

  verdict(next = 1): Verdict {
    const evidence = this.#evidence(next);
    if (this.#fell !== undefined) return { verdict: "regressed", ...this.#fell, evidence };
    const claims: Claims = { options: this.options, next, misdirectedFrom: Math.log(MISDIRECTED_FROM) };
    const { healthy, because } = explainDecision(evidence, claims);
    if (!healthy) this.#healthySince = undefined;
    else this.#healthySince ??= evidence.t;
    return {
      verdict: healthy ? "healthy" : "undecided",
      t: this.#healthySince ?? evidence.t,
      because,
      evidence,
    };
  }

  snapshot(): JudgeSnapshot {
    return {
      version: 6,
      options: this.options,
      tests: this.#tests.snapshot(),
      baseline: this.#baseline.snapshot(),
      candidate: this.#candidate.snapshot(),
      gateway: [this.#gatewayRequests, this.#gatewayFailed, this.#gatewayAbandoned],
      excluded: Object.fromEntries(this.#excluded),
      t: Number.isFinite(this.#t) ? this.#t : null,
      share: this.#share,
      peak: this.#peak,
      fell: this.#fell ?? null,
      healthySince: this.#healthySince ?? null,
    };
  }

  restore(state: JudgeSnapshot): void {
    this.#tests.restore(state.tests);
    this.#baseline.restore(state.baseline);
    this.#candidate.restore(state.candidate);
    [this.#gatewayRequests, this.#gatewayFailed, this.#gatewayAbandoned] = state.gateway;
    for (const [reason, count] of Object.entries(state.excluded)) this.#excluded.set(reason, count);
    this.#t = state.t ?? Number.NEGATIVE_INFINITY;
    this.#share = state.share;
    this.#peak = state.peak;
    this.#fell = state.fell ?? undefined;
    this.#healthySince = state.healthySince ?? undefined;
  }

  #count(
    revision: Observation["revision"],
    kind: OutcomeKind,
    ms: number,
    share: number,
    count: number,
  ): void {
    if (revision !== "gateway") {
      (revision === "candidate" ? this.#candidate : this.#baseline).add(kind, ms, count);
    } else if (share > 0) {
      this.#gatewayRequests += count;
      if (kind === "error") this.#gatewayFailed += count;
      else if (kind === "abandoned") this.#gatewayAbandoned += count;
    }
  }

  #exclude(reason: string, count: number): void {
    this.#excluded.set(reason, (this.#excluded.get(reason) ?? 0) + count);
  }

  #evidence(next: number): Evidence {
    const { alpha, beta, harm } = this.options;
    // The same rate does less harm to a fraction of the requests.
    const rate = harm.errorRate / Math.min(1, Math.max(next, harm.errorRate));
    return {
      t: Number.isFinite(this.#t) ? this.#t : 0,
      share: this.#share,
      worse: {
        logE: Math.log(this.#tests.value),
        peak: Math.log(this.#peak),
        threshold: Math.log(1 / alpha),
        tests: this.#tests.logs(),
      },
      notWorse: { threshold: Math.log(1 / beta), tests: this.#tests.logsNotWorse(rate) },
      slowAtP99: this.#tests.slowAtP99,
      baseline: this.#baseline.evidence(beta),
      candidate: this.#candidate.evidence(beta),
      gateway: {
        requests: this.#gatewayRequests,
        failed: this.#gatewayFailed,
        abandoned: this.#gatewayAbandoned,
      },
      misdirected: this.#tests.logMisdirected(),
      runs: this.#tests.logRuns(),
      excluded: Object.fromEntries(this.#excluded),
    };
  }
}

/** The most requests in one observation; more would take too long. */
const MOST_AT_ONCE = 1_000_000;

function isCount(count: number): boolean {
  return Number.isInteger(count) && count > 0 && count <= MOST_AT_ONCE;
}

function complaint({ t, ms, fromMs = ms, share, count = 1, ok, kind }: Observation): string {
  if (!Number.isFinite(t)) return `t is ${t}: seconds are expected`;
  if (!(ms >= 0 && ms < 1e12)) return `ms is ${ms}: milliseconds from 0 are expected`;
  if (!(fromMs >= 0 && fromMs <= ms)) return `fromMs is ${fromMs}: milliseconds from 0 to ${ms} are expected`;
  if (!(share >= 0 && share <= 1)) return `share is ${share}: a number from 0 to 1 is expected`;
  if (kind !== undefined && isOk(kind) !== ok) return `ok is ${ok}: ${!ok} is expected where kind is ${kind}`;
  return `count is ${count}: a whole number from 1 is expected, and 1,000,000 at most`;
}
