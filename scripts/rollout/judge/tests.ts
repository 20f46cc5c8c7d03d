import {
  DEPOSIT_SECONDS,
  LEAST_FAILURES,
  MISDIRECTED,
  MISDIRECTED_FROM,
  PARTS,
  RESERVE,
} from "./defaults.ts";
import { ErrorTests } from "./error-tests.ts";
import type { OutcomeKind } from "../../traffic/outcome-kind.ts";
import { LatencyTests } from "./latency-tests.ts";
import { RateGuard } from "./statistics/rate-guard.ts";
import { RunTest } from "./statistics/run-test.ts";
import { ShareTest } from "./statistics/share-test.ts";
import { UnitMemory } from "./statistics/unit-memory.ts";
import type { TestsState } from "./snapshot.ts";
import type { Arm, JudgeOptions, TestName } from "./types.ts";

/** What evidence is told as at least: JSON knows no infinity. */
const LEAST = -460;

/**
 * For how long a revision may be silent, in lengths of an average run of the other: beyond the first, bets on all
 * requests rest (so 13 % of the time by chance), beyond the second all bets (0.2 %).
 */
const STEADY = 2;
const MISSING = 6;

/** Over how many requests the share that is seen is taken. */
const RECENT = 300;

/** Marks beside errors, which are compared like them. */
const MARKS = ["rejected", "abandoned"] as const;

/** All tests of one rollout, and what they come to. */
export class Tests {
  readonly #threshold: number;
  readonly #errors: ErrorTests;
  readonly #rejected: ErrorTests;
  readonly #abandoned: ErrorTests;
  readonly #latency: LatencyTests;
  readonly #runs = new RunTest(RESERVE.misdirected);
  readonly #begun = { rejected: false, abandoned: false };
  readonly #units = new UnitMemory();
  readonly #gateway: RateGuard;
  readonly #alone: RateGuard;
  readonly #misdirected = new ShareTest({ bets: MISDIRECTED, limit: 1, reserve: RESERVE.misdirected });
  #highestShare = 0;
  #nextDeposit = Number.POSITIVE_INFINITY;
  // How many requests in a row went to one revision.
  #run = 0;
  #runOfCandidate = false;
  // The candidate's part of the latest requests, and of how many.
  #seen = 0;
  #requests = 0;
  #believed = true;

  constructor({ alpha, tolerate, harm }: JudgeOptions) {
    // A little more than it takes, so that rounding does not stop just below.
    this.#threshold = (1 / alpha) * (1 + 1e-9);
    this.#errors = new ErrorTests({
      tolerated: 1 + tolerate.errors,
      toleratedRate: tolerate.errorRate,
      harmful: 1 + harm.errors,
    });
    const excess = { tolerated: 1 + tolerate.errors, toleratedRate: 0, harmful: 1 + harm.errors };
    this.#rejected = new ErrorTests(excess);
    this.#abandoned = new ErrorTests(excess);
    this.#latency = new LatencyTests(1 + tolerate.latency, 1 + harm.latency);
    // Half of a guard's part of alpha is for its interval, half for its e-process.
    this.#gateway = new RateGuard((alpha * PARTS.gateway) / 2, LEAST_FAILURES.gateway);
    this.#alone = new RateGuard((alpha * PARTS.alone) / 2, LEAST_FAILURES.alone);
  }

  /** The e-value of all tests together: their average, weighed. */
  get value(): number {
    return (
      PARTS.errors * this.#errors.value +
      PARTS.rejected * this.#rejected.value +
      PARTS.abandoned * this.#abandoned.value +
      PARTS.latency * this.#latency.slower.value +
      PARTS.p99 * this.#latency.slowerP99.value +
      PARTS.gateway * this.#gateway.value +
      PARTS.alone * this.#alone.value
    );
  }

  /** Hears of one request that is to be judged, until all is decided. */
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
    if (revision === "gateway") return;
    const candidate = revision === "candidate";
    const failed = kind === "error";
    if (!candidate) this.#alone.before(failed);
    else if (share === 1) this.#alone.after(failed, t);
    if (candidate) {
      this.#errors.count(failed);
      this.#rejected.count(kind === "rejected");
      this.#abandoned.count(kind === "abandoned");
    }
    if (share > 0 && share < 1) this.#compare(t, candidate, kind, fromMs, ms, share, unit);
    // Only after it was compared: what a latency is held against has to be known before it.
    if (kind === "success" && share < 1) this.#latency.learn(candidate, fromMs, ms, t);
  }

  /** The natural logarithm of each test's e-value, by itself. */
  logs(): Record<TestName, number> {
    return {
      errors: logOf(this.#errors.value),
      rejected: logOf(this.#rejected.value),
      abandoned: logOf(this.#abandoned.value),
      latency: logOf(this.#latency.slower.value),
      p99: logOf(this.#latency.slowerP99.value),
      gateway: logOf(this.#gateway.value),
      alone: logOf(this.#alone.value),
    };
  }

  /**
   * The logarithm of the evidence that the candidate is not harmfully worse, for each thing that is claimed.
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

  /** The logarithm of the evidence that requests are not split as the shares say. */
  logMisdirected(): number {
    return logOf(this.#misdirected.value);
  }

  /** The logarithm of the evidence that the split assigns requests in runs. */
  logRuns(): number {
    return logOf(this.#runs.value);
  }

  snapshot(): TestsState {
    return {
      errors: this.#errors.snapshot(),
      rejected: this.#rejected.snapshot(),
      abandoned: this.#abandoned.snapshot(),
      runs: this.#runs.snapshot(),
      begun: [this.#begun.rejected, this.#begun.abandoned],
      units: this.#units.snapshot(),
      latency: this.#latency.snapshot(),
      gateway: this.#gateway.snapshot(),
      alone: this.#alone.snapshot(),
      misdirected: this.#misdirected.snapshot(),
      highestShare: this.#highestShare,
      // JSON knows no infinity.
      nextDeposit: Math.min(this.#nextDeposit, 1e15),
      run: [this.#run, this.#runOfCandidate],
      seen: [this.#seen, this.#requests],
      believed: this.#believed,
    };
  }

  restore(state: TestsState): void {
    this.#errors.restore(state.errors);
    this.#rejected.restore(state.rejected);
    this.#abandoned.restore(state.abandoned);
    this.#runs.restore(state.runs);
    [this.#begun.rejected, this.#begun.abandoned] = state.begun;
    this.#units.restore(state.units);
    this.#latency.restore(state.latency);
    this.#gateway.restore(state.gateway);
    this.#alone.restore(state.alone);
    this.#misdirected.restore(state.misdirected);
    this.#highestShare = state.highestShare;
    this.#nextDeposit = state.nextDeposit;
    [this.#run, this.#runOfCandidate] = state.run;
    [this.#seen, this.#requests] = state.seen;
    this.#believed = state.believed;
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
    // How many times as long a run of one revision is as it is on average when the shares are right.
    const run = this.#run * (this.#runOfCandidate ? 1 - share : share);
    const inForce = this.#inForce(share, unit !== undefined);
    const ranked =
      unit === undefined ? inForce : Math.min(0.98, Math.max(0.02, Math.round(this.#seen * 50) / 50));
    this.#requests = Math.min(RECENT, this.#requests + 1);
    this.#seen += ((candidate ? 1 : 0) - this.#seen) / this.#requests;
    // A unit that stays with its revision tells of the assignment once.
    if (unit === undefined || this.#units.first(unit, "seen")) this.#direct(candidate, share, t);
    // While requests come in runs a long one is no sign that the other revision gets nothing, but its absence proves nothing.
    const inRuns = this.#runs.value >= MISDIRECTED_FROM;
    if (run > MISSING && !inRuns) return;
    const present = run <= STEADY && !inRuns;
    // Units differ in how much they send, so the share of requests is not the one of the split: how few requests the candidate
    // has proves nothing, and latencies are compared by the share that is seen.
    const steady = present && unit === undefined;
    // The e-values at which, with the others as they are, all is decided. Known before any of them hears whose request it is: what one wins by it must not decide what another bets on it.
    const missing = this.#threshold - this.value;
    const enough = {
      errors: this.#errors.value + missing / PARTS.errors,
      rejected: this.#rejected.value + missing / PARTS.rejected,
      abandoned: this.#abandoned.value + missing / PARTS.abandoned,
      latency: this.#latency.slower.value + missing / PARTS.latency,
      p99: this.#latency.slowerP99.value + missing / PARTS.p99,
    };
    // A unit that fails again says nothing new.
    const fresh = kind === "success" || unit === undefined || this.#units.first(unit, kind);
    const marks = { rejected: this.#rejected, abandoned: this.#abandoned };
    if (fresh || kind !== "error")
      this.#errors.observe(candidate, kind === "error", inForce, enough.errors, steady, t);
    for (const mark of MARKS) {
      // Begins with the first mark: before it there is nothing to compare.
      if (kind === mark) this.#begun[mark] = true;
      if (!this.#begun[mark]) continue;
      if (fresh || kind !== mark)
        marks[mark].observe(candidate, kind === mark, inForce, enough[mark], steady, t);
    }
    if (kind === "success")
      this.#latency.observe(candidate, fromMs, ms, inForce, enough, steady, t, present ? ranked : 0);
  }

  /**
   * The share to judge by: what was said, or what is seen where that is more, and the shares are not believed or are
   * those of units, of which some send more requests than others. Too high a
   * share takes from the evidence against a candidate, and nothing is claimed for it at such a time.
   */
  #inForce(share: number, byUnit: boolean): number {
    if (this.#believed && !byUnit) return share;
    // In steps, so that the tables of the tests do not change with each request.
    return Math.max(share, Math.min(0.98, Math.ceil(this.#seen * 1.1 * 50) / 50));
  }

  /** Notes to whom a request went, and begins the claims anew when what was claimed rests on shares that are not believed. */
  #direct(candidate: boolean, share: number, t: number): void {
    this.#misdirected.observe(true, candidate, share, Number.POSITIVE_INFINITY, true, t);
    this.#runs.observe(candidate, share);
    this.#run = candidate === this.#runOfCandidate ? this.#run + 1 : 1;
    this.#runOfCandidate = candidate;
    const believed = this.#misdirected.value < MISDIRECTED_FROM;
    if (believed === this.#believed) return;
    this.#believed = believed;
    this.#errors.nextStep();
    this.#latency.nextStep();
  }

  /** A higher share asks anew whether the candidate bears it. */
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
    this.#nextDeposit = t + DEPOSIT_SECONDS;
    this.#errors.worse.deposit();
    this.#rejected.worse.deposit();
    this.#abandoned.worse.deposit();
    this.#runs.deposit();
    this.#latency.deposit();
    this.#misdirected.deposit();
  }
}

function logOf(value: number): number {
  return Math.max(LEAST, Math.log(value));
}
