import { Assignment } from "./assignment.ts";
import { DEPOSIT_SECONDS, LEAST_FAILURES, PARTS } from "./defaults.ts";
import { ErrorTests } from "./error-tests.ts";
import type { OutcomeKind } from "../../traffic/outcome-kind.ts";
import { LatencyTests } from "./latency-tests.ts";
import { RateGuard } from "./statistics/rate-guard.ts";
import { UnansweredTest } from "./unanswered-test.ts";
import { UnitMemory } from "./statistics/unit-memory.ts";
import type { TestsState } from "./snapshot.ts";
import type { Arm, JudgeOptions, TestName } from "./types.ts";

/** The smallest logarithm of evidence that is reported: JSON has no infinity. */
const LEAST = -460;

/**
 * How long a revision may be silent, in average runs of the other. Above `STEADY` there are no bets on all requests
 * (13 % of the time by chance), above `MISSING` no bets at all (0.2 %).
 */
const STEADY = 2;
const MISSING = 6;

/** Outcomes besides errors that are compared like errors. */
const MARKS = ["rejected", "abandoned"] as const;

/** All tests of one rollout, and their evidence. */
export class Tests {
  readonly #threshold: number;
  readonly #errors: ErrorTests;
  readonly #rejected: ErrorTests;
  readonly #abandoned: ErrorTests;
  readonly #latency: LatencyTests;
  readonly #assignment = new Assignment();
  readonly #begun = { rejected: false, abandoned: false };
  readonly #units = new UnitMemory();
  readonly #unanswered: UnansweredTest;
  readonly #gateway: RateGuard;
  readonly #alone: RateGuard;
  /** The part of the e-value from comparisons, and whether it must be recomputed. */
  #compared = 0;
  #isStale = true;
  readonly #hasToleratedRate: boolean;
  #highestShare = 0;
  #nextDeposit = Number.POSITIVE_INFINITY;

  constructor({ alpha, tolerate, harm }: JudgeOptions) {
    this.#hasToleratedRate = tolerate.errorRate > 0;
    // Slightly more than needed, so that rounding does not end just below.
    this.#threshold = (1 / alpha) * (1 + 1e-9);
    this.#errors = new ErrorTests({
      tolerated: 1 + tolerate.errors,
      toleratedRate: tolerate.errorRate,
      harmful: 1 + harm.errors,
    });
    const excess = { tolerated: 1 + tolerate.errors, toleratedRate: 0, harmful: 1 + harm.errors };
    this.#rejected = new ErrorTests(excess);
    this.#abandoned = new ErrorTests(excess);
    const toleratesErrors = tolerate.errors > 0 || tolerate.errorRate > 0;
    this.#latency = new LatencyTests(1 + tolerate.latency, 1 + harm.latency, toleratesErrors);
    // Half of a guard's part of alpha is for its interval, half for its e-process.
    this.#unanswered = new UnansweredTest();
    this.#gateway = new RateGuard((alpha * PARTS.gateway) / 2, LEAST_FAILURES.gateway);
    this.#alone = new RateGuard((alpha * PARTS.alone) / 2, LEAST_FAILURES.alone);
  }

  /** The e-value of all tests together: their weighted average. */
  get value(): number {
    if (this.#isStale) {
      this.#compared =
        PARTS.errors * this.#errors.value +
        PARTS.rejected * this.#rejected.value +
        PARTS.abandoned * this.#abandoned.value +
        PARTS.latency * this.#latency.slower.value +
        PARTS.p99 * this.#latency.slowerP99.value;
      this.#isStale = false;
    }
    return (
      this.#compared +
      PARTS.unanswered * this.#unanswered.value +
      PARTS.gateway * this.#gateway.value +
      PARTS.alone * this.#alone.value
    );
  }

  /** Observes one request. */
  observe(
    t: number,
    revision: Arm,
    kind: OutcomeKind,
    fromMs: number,
    ms: number,
    share: number,
    unit: string | undefined,
  ): void {
    if (share > this.#highestShare) this.#nextStep(t, share);
    else if (t >= this.#nextDeposit) this.#deposit(t);
    const gatewayFailed = revision === "gateway" && kind === "error";
    if (share === 0) this.#gateway.before(gatewayFailed);
    else this.#gateway.after(gatewayFailed, t);
    const unanswered = revision === "gateway" && kind === "abandoned";
    if (share === 0) this.#unanswered.before(unanswered);
    else if (share < 1)
      this.#unanswered.after(
        unanswered,
        revision === "gateway" ? undefined : revision === "candidate",
        share,
        t,
      );
    if (revision === "gateway") return;
    const candidate = revision === "candidate";
    const failed = kind === "error";
    if (!candidate) this.#alone.before(failed);
    else if (share === 1) this.#alone.after(failed, t);
    if (candidate) {
      this.#errors.count(failed);
      this.#rejected.count(kind === "rejected");
      this.#abandoned.count(kind === "abandoned");
      if (kind !== "success" || this.#hasToleratedRate) this.#isStale = true;
    }
    if (share > 0 && share < 1) this.#compare(t, candidate, kind, fromMs, ms, share, unit);
    // After the comparison: a latency is compared with earlier ones only.
    if (kind === "success" && share < 1) this.#latency.learn(candidate, fromMs, ms, t);
  }

  /** The natural logarithm of each test's e-value, before weighting. */
  logs(): Record<TestName, number> {
    return {
      errors: logOf(this.#errors.value),
      rejected: logOf(this.#rejected.value),
      abandoned: logOf(this.#abandoned.value),
      unanswered: logOf(this.#unanswered.value),
      latency: logOf(this.#latency.slower.value),
      p99: logOf(this.#latency.slowerP99.value),
      gateway: logOf(this.#gateway.value),
      alone: logOf(this.#alone.value),
    };
  }

  /** See `LatencyTests.slowAtP99`. */
  get slowAtP99(): { requests: number; unclear: number } {
    return this.#latency.slowAtP99;
  }

  /**
   * Returns the logarithm of the evidence that the candidate is not harmfully worse, for each claim.
   * @param rate the share of the candidate's requests that may fail, or be slow, without harm
   */
  logsNotWorse(rate: number): Record<"errors" | "median" | "p99", number> {
    const { median, p99 } = this.#latency.logsNotWorse(rate);
    return {
      errors: Math.max(LEAST, this.#errors.logNotWorse(rate)),
      median: Math.max(LEAST, median),
      p99: Math.max(LEAST, p99),
    };
  }

  /** Returns the logarithm of the evidence that requests are not split by the shares. */
  logMisdirected(): number {
    return logOf(this.#assignment.misdirected);
  }

  /** Returns the logarithm of the evidence that the split assigns requests in runs. */
  logRuns(): number {
    return logOf(this.#assignment.runs);
  }

  snapshot(): TestsState {
    return {
      errors: this.#errors.snapshot(),
      rejected: this.#rejected.snapshot(),
      abandoned: this.#abandoned.snapshot(),
      ...this.#assignment.snapshot(),
      begun: [this.#begun.rejected, this.#begun.abandoned],
      units: this.#units.snapshot(),
      latency: this.#latency.snapshot(),
      unanswered: this.#unanswered.snapshot(),
      gateway: this.#gateway.snapshot(),
      alone: this.#alone.snapshot(),
      highestShare: this.#highestShare,
      // JSON has no infinity.
      nextDeposit: Math.min(this.#nextDeposit, 1e15),
    };
  }

  restore(state: TestsState): void {
    this.#isStale = true;
    this.#errors.restore(state.errors);
    this.#rejected.restore(state.rejected);
    this.#abandoned.restore(state.abandoned);
    this.#assignment.restore(state);
    [this.#begun.rejected, this.#begun.abandoned] = state.begun;
    this.#units.restore(state.units);
    this.#latency.restore(state.latency);
    this.#unanswered.restore(state.unanswered);
    this.#gateway.restore(state.gateway);
    this.#alone.restore(state.alone);
    this.#highestShare = state.highestShare;
    this.#nextDeposit = state.nextDeposit;
  }

  #compare(
    t: number,
    candidate: boolean,
    kind: OutcomeKind,
    fromMs: number,
    ms: number,
    share: number,
    unit: string | undefined,
  ): void {
    const run = this.#assignment.runLength(share);
    const inForce = this.#assignment.shareInForce(share, unit !== undefined);
    const ranked = unit === undefined ? inForce : this.#assignment.observedShare;
    this.#assignment.count(candidate);
    // A unit that stays with its revision is evidence about the assignment once.
    if (unit === undefined || this.#units.first(unit, "seen")) this.#direct(candidate, share, t, ms);
    // If requests come in runs, a long run does not mean that the other revision gets no requests, and its absence
    // proves nothing.
    const { inRuns } = this.#assignment;
    if (run > MISSING && !inRuns) return;
    const present = run <= STEADY && !inRuns;
    // Units send different numbers of requests, so the share of requests differs from that of the split: a small
    // number of the candidate's requests proves nothing, and latencies are compared by the observed share.
    const steady = present && unit === undefined;
    // The evidence missing for a decision. It is computed before any test observes this request: the gain of one test
    // must not influence the stake of another on the same request.
    const missing = this.#threshold - this.value;
    this.#isStale = true;
    // A unit that fails again is not new evidence.
    const fresh = kind === "success" || unit === undefined || this.#units.first(unit, kind);
    if (fresh || kind !== "error") {
      const enough = this.#errors.value + missing / PARTS.errors;
      this.#errors.observe(candidate, kind === "error", inForce, enough, steady, t);
    }
    for (const mark of MARKS) {
      // A comparison begins with the first such outcome.
      if (kind === mark) this.#begun[mark] = true;
      if (!this.#begun[mark]) continue;
      if (!fresh && kind === mark) continue;
      const tests = mark === "rejected" ? this.#rejected : this.#abandoned;
      tests.observe(candidate, kind === mark, inForce, tests.value + missing / PARTS[mark], steady, t);
    }
    if (kind === "success")
      this.#latency.observe(candidate, fromMs, ms, inForce, missing, steady, t, present ? ranked : 0);
  }

  /** Tests the assignment of a request. Restarts the claims when the shares become refuted or are no longer. */
  #direct(candidate: boolean, share: number, t: number, ms: number): void {
    if (!this.#assignment.observe(candidate, share, t, ms)) return;
    this.#errors.nextStep();
    this.#latency.nextStep();
  }

  /** Restarts the claims at a higher share, which the candidate may not sustain. */
  #nextStep(t: number, share: number): void {
    const first = this.#highestShare === 0;
    this.#highestShare = share;
    if (first) {
      this.#nextDeposit = t + DEPOSIT_SECONDS;
      return;
    }
    this.#errors.nextStep();
    this.#latency.nextStep();
    this.#deposit(t);
  }

  #deposit(t: number): void {
    this.#isStale = true;
    this.#nextDeposit = t + DEPOSIT_SECONDS;
    this.#errors.worse.deposit();
    this.#rejected.worse.deposit();
    this.#abandoned.worse.deposit();
    this.#latency.deposit();
    this.#unanswered.deposit();
    this.#assignment.deposit();
  }
}

function logOf(value: number): number {
  return Math.max(LEAST, Math.log(value));
}
