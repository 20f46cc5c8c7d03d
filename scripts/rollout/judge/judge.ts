import { ArmCounts } from "./arm.ts";
import { type Claims, explainDecision, explainRegression } from "./because.ts";
import { DEPOSIT_SECONDS, MISDIRECTED, PARTS, RESERVE } from "./defaults.ts";
import { ErrorTests } from "./error-tests.ts";
import { LatencyTests } from "./latency-tests.ts";
import { judgeOptions, type SomeJudgeOptions } from "./options.ts";
import { RateGuard } from "./rate-guard.ts";
import { ShareTest } from "./share-test.ts";
import { type JudgeSnapshot, readSnapshot } from "./snapshot.ts";
import {
  type Evidence,
  type Judge,
  type JudgeOptions,
  type Observation,
  TESTS,
  type Verdict,
} from "./types.ts";

export type { SomeJudgeOptions } from "./options.ts";
export type { JudgeSnapshot } from "./snapshot.ts";
export type {
  ArmEvidence,
  Estimate,
  Evidence,
  Exclusion,
  Judge,
  JudgeOptions,
  Observation,
  Verdict,
} from "./types.ts";

/** From which evidence on the shares are not believed: odds of one in a thousand. */
const MISDIRECTED_FROM = Math.log(1000);

/** What evidence is told as at least: JSON knows no infinity. */
const LEAST = -460;

/**
 * A judge of one rollout, from its first request to its last.
 *
 * All tests are e-processes: each begins at 1, and reaches x with probability 1/x at most if the candidate is no worse
 * than tolerated, whenever one looks. `PARTS` weighs them into one, so that a whole rollout ends in `regressed` with
 * probability alpha at most, however long it is and however often it is asked.
 * @throws RangeError for an option out of its range
 */
export function createJudge(options: SomeJudgeOptions = {}): Judge {
  return new TrafficJudge(judgeOptions(options));
}

/**
 * A judge that goes on where another one was.
 * @throws TypeError when it is no snapshot of this version
 */
export function restoreJudge(snapshot: unknown): Judge {
  const state = readSnapshot(snapshot);
  const judge = new TrafficJudge(judgeOptions(state.options));
  judge.restore(state);
  return judge;
}

class TrafficJudge implements Judge {
  readonly options: JudgeOptions;
  readonly #threshold: number;
  readonly #errors: ErrorTests;
  readonly #latency: LatencyTests;
  readonly #gateway: RateGuard;
  readonly #alone: RateGuard;
  readonly #misdirected = new ShareTest({ bets: MISDIRECTED, limit: 1, reserve: RESERVE });
  readonly #baseline = new ArmCounts();
  readonly #candidate = new ArmCounts();
  #gatewayRequests = 0;
  #gatewayFailed = 0;
  readonly #excluded = new Map<string, number>();
  #t = Number.NEGATIVE_INFINITY;
  #share = 0;
  #highestShare = 0;
  #nextDeposit = Number.NEGATIVE_INFINITY;
  #peak = 1;
  #fell: { t: number; because: string } | undefined;
  #healthySince: number | undefined;

  constructor(options: JudgeOptions) {
    const { alpha, tolerate, harm } = options;
    this.options = options;
    this.#threshold = 1 / alpha;
    this.#errors = new ErrorTests({
      tolerated: 1 + tolerate.errors,
      toleratedRate: tolerate.errorRate,
      harmful: 1 + harm.errors,
    });
    this.#latency = new LatencyTests(1 + tolerate.latency, 1 + harm.latency);
    // Half of a guard's part of alpha is for its interval, half for its e-process.
    this.#gateway = new RateGuard((alpha * PARTS.gateway) / 2);
    this.#alone = new RateGuard((alpha * PARTS.alone) / 2);
  }

  get regressed(): boolean {
    return this.#fell !== undefined;
  }

  observe(observation: Observation): void {
    const { t, revision, ok, ms, share, excluded } = observation;
    const count = observation.count ?? 1;
    if (!(t > -1e15 && ms >= 0 && ms < 1e12 && share >= 0 && share <= 1 && count > 0 && count < 1e12)) {
      throw new RangeError(complaint(observation));
    }
    if (t > this.#t) this.#t = t;
    this.#share = share;
    if (excluded !== undefined) return this.#exclude(excluded, count);
    if (revision === "candidate" ? share === 0 : revision === "baseline" && share === 1) {
      return this.#exclude("unsplit", count);
    }
    if (share > this.#highestShare) this.#nextStep(share);
    else if (t >= this.#nextDeposit) this.#deposit();
    if (revision === "gateway") this.#observeGateway(ok, share, count);
    else this.#observeRevision(revision === "candidate", ok, ms, share, count);
    const value = this.#value();
    if (value > this.#peak) {
      this.#peak = value;
      if (value >= this.#threshold)
        this.#fell ??= { t: this.#t, because: explainRegression(this.#evidence(1), this.options) };
    }
  }

  observeMany(observations: Iterable<Observation>): void {
    for (const observation of observations) this.observe(observation);
  }

  verdict(next = 1): Verdict {
    const evidence = this.#evidence(next);
    if (this.#fell !== undefined) return { verdict: "regressed", ...this.#fell, evidence };
    const claims: Claims = { options: this.options, next, misdirectedFrom: MISDIRECTED_FROM };
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
      version: 1,
      options: this.options,
      errors: this.#errors.snapshot(),
      latency: this.#latency.snapshot(),
      gateway: this.#gateway.snapshot(),
      alone: this.#alone.snapshot(),
      misdirected: this.#misdirected.snapshot(),
      baseline: this.#baseline.snapshot(),
      candidate: this.#candidate.snapshot(),
      gatewayRequests: [this.#gatewayRequests, this.#gatewayFailed],
      excluded: Object.fromEntries(this.#excluded),
      // JSON knows no infinity.
      t: Math.max(this.#t, -1e15),
      share: this.#share,
      highestShare: this.#highestShare,
      nextDeposit: Math.max(this.#nextDeposit, -1e15),
      peak: this.#peak,
      fell: this.#fell ?? null,
      healthySince: this.#healthySince ?? null,
    };
  }

  restore(state: JudgeSnapshot): void {
    this.#errors.restore(state.errors);
    this.#latency.restore(state.latency);
    this.#gateway.restore(state.gateway);
    this.#alone.restore(state.alone);
    this.#misdirected.restore(state.misdirected);
    this.#baseline.restore(state.baseline);
    this.#candidate.restore(state.candidate);
    [this.#gatewayRequests, this.#gatewayFailed] = state.gatewayRequests;
    for (const [reason, count] of Object.entries(state.excluded)) this.#excluded.set(reason, count);
    this.#t = state.t;
    this.#share = state.share;
    this.#highestShare = state.highestShare;
    this.#nextDeposit = state.nextDeposit;
    this.#peak = state.peak;
    this.#fell = state.fell ?? undefined;
    this.#healthySince = state.healthySince ?? undefined;
  }

  #observeGateway(ok: boolean, share: number, count: number): void {
    if (share === 0) return this.#gateway.before(!ok, count);
    this.#gateway.after(!ok, count);
    this.#gatewayRequests += count;
    if (!ok) this.#gatewayFailed += count;
  }

  #observeRevision(candidate: boolean, ok: boolean, ms: number, share: number, count: number): void {
    (candidate ? this.#candidate : this.#baseline).add(ok, ms, count);
    if (share === 0) this.#gateway.before(false, count);
    else this.#gateway.after(false, count);
    if (candidate) this.#errors.count(!ok, count);
    if (share > 0 && share < 1) {
      this.#misdirected.observe(true, candidate, share, count);
      this.#errors.observe(candidate, !ok, share, count);
      if (ok) this.#latency.observe(candidate, ms, share, count);
    }
    if (!candidate) {
      this.#alone.before(!ok, count);
      if (ok) this.#latency.learn(ms, count);
    } else if (share === 1) {
      this.#alone.after(!ok, count);
    }
  }

  /** A higher share asks anew whether the candidate bears it. */
  #nextStep(share: number): void {
    const first = this.#highestShare === 0;
    this.#highestShare = share;
    if (first) {
      this.#nextDeposit = this.#t + DEPOSIT_SECONDS;
      return;
    }
    this.#errors.nextStep();
    this.#latency.nextStep();
    this.#deposit();
  }

  #deposit(): void {
    this.#nextDeposit = this.#t + DEPOSIT_SECONDS;
    this.#errors.worse.deposit();
    this.#latency.deposit();
    this.#misdirected.deposit();
  }

  #exclude(reason: string, count: number): void {
    this.#excluded.set(reason, (this.#excluded.get(reason) ?? 0) + count);
  }

  #value(): number {
    return (
      PARTS.errors * this.#errors.value +
      PARTS.median * this.#latency.median.worse.value +
      PARTS.p99 * this.#latency.p99.worse.value +
      PARTS.gateway * this.#gateway.value +
      PARTS.alone * this.#alone.value
    );
  }

  #evidence(next: number): Evidence {
    const { alpha, beta, harm } = this.options;
    const rate = harm.errorRate / Math.min(1, Math.max(next, harm.errorRate));
    const tests = [
      this.#errors.value,
      this.#latency.median.worse.value,
      this.#latency.p99.worse.value,
      this.#gateway.value,
      this.#alone.value,
    ].map((value, i) => [TESTS[i], logOf(value)]);
    return {
      t: this.#t,
      share: this.#share,
      worse: {
        logE: logOf(this.#value()),
        peak: Math.log(this.#peak),
        threshold: Math.log(1 / alpha),
        tests: Object.fromEntries(tests),
      },
      notWorse: {
        threshold: Math.log(1 / beta),
        tests: {
          errors: Math.max(LEAST, this.#errors.logNotWorse(rate)),
          median: Math.max(LEAST, this.#latency.median.logNotWorse(0.5)),
          p99: Math.max(LEAST, this.#latency.p99.logNotWorse(Math.max(0.01, rate))),
        },
      },
      baseline: this.#baseline.evidence(beta),
      candidate: this.#candidate.evidence(beta),
      gateway: { requests: this.#gatewayRequests, failed: this.#gatewayFailed },
      misdirected: logOf(this.#misdirected.value),
      excluded: Object.fromEntries(this.#excluded),
    };
  }
}

function logOf(value: number): number {
  return Math.max(LEAST, Math.log(value));
}

function complaint({ t, ms, share, count = 1 }: Observation): string {
  if (!(t > -1e15)) return `t is ${t}: seconds are expected`;
  if (!(ms >= 0 && ms < 1e12)) return `ms is ${ms}: milliseconds from 0 are expected`;
  if (!(share >= 0 && share <= 1)) return `share is ${share}: a number from 0 to 1 is expected`;
  return `count is ${count}: a number above 0 is expected`;
}
