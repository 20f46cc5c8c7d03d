import { logAbove, logBelow } from "./statistics/bernoulli.ts";
import { LIMITS, MORE_ERRORS, NO_MORE_ERRORS, RESERVE } from "./defaults.ts";
import { type ShareState, ShareTest } from "./statistics/share-test.ts";

export interface ErrorState {
  worse: ShareState;
  notWorse: ShareState;
  ever: [total: number, failed: number];
  step: [total: number, failed: number];
}

/** The limits of error tests; see `JudgeOptions`. */
export interface ErrorLimits {
  tolerated: number;
  toleratedRate: number;
  harmful: number;
}

/** Tests whether the candidate fails more often than the baseline, and whether it is certain not to. */
export class ErrorTests {
  readonly worse: ShareTest;
  readonly #limits: ErrorLimits;
  #notWorse: ShareTest;
  #total = 0;
  #failed = 0;
  #stepTotal = 0;
  #stepFailed = 0;
  /** The e-value against the tolerated rate, computed on demand, until the next request of the candidate. */
  #aboveRate: number | undefined;

  constructor(limits: ErrorLimits) {
    this.#limits = limits;
    // A bet below the tolerated ratio would be a bet on the wrong side.
    const bets = MORE_ERRORS.map((bet) => ({ ...bet, marked: bet.marked * limits.tolerated }));
    this.worse = new ShareTest({
      bets,
      limit: limits.tolerated,
      reserve: RESERVE.errors,
      clustered: true,
      limits: LIMITS.errors,
    });
    this.#notWorse = noMoreErrors(limits);
  }

  /** Compares a request while both revisions have a share. */
  observe(
    candidate: boolean,
    failed: boolean,
    share: number,
    enough: number,
    steady: boolean,
    t: number,
  ): void {
    this.worse.observe(failed, candidate, share, enough, steady, t);
    this.#notWorse.observe(failed, candidate, share, Number.POSITIVE_INFINITY, steady, t);
  }

  /** Counts a request of the candidate, at any share. */
  count(failed: boolean): void {
    this.#aboveRate = undefined;
    this.#total++;
    this.#stepTotal++;
    if (!failed) return;
    this.#failed++;
    this.#stepFailed++;
  }

  /**
   * The e-value against "no worse than tolerated". With a tolerated rate, that null hypothesis is a union, and only
   * the smaller of the two e-values is evidence against it.
   */
  get value(): number {
    const { value } = this.worse;
    // The absence of the candidate is not a failure.
    const compared = this.#failed === 0 ? Math.min(1, value) : value;
    const { toleratedRate } = this.#limits;
    if (toleratedRate === 0 || compared <= 1) return compared;
    this.#aboveRate ??= Math.exp(logAbove(this.#total, this.#failed, toleratedRate));
    return Math.min(compared, this.#aboveRate);
  }

  /**
   * Returns the logarithm of the evidence for either of two claims: fewer failures than the harmful ratio, or than a
   * rate.
   */
  logNotWorse(rate: number): number {
    const compared = Math.log(this.#notWorse.value);
    return Math.max(compared, logBelow(this.#stepTotal, this.#stepFailed, rate)) - Math.LN2;
  }

  nextStep(): void {
    this.#notWorse = noMoreErrors(this.#limits);
    this.#stepTotal = 0;
    this.#stepFailed = 0;
  }

  snapshot(): ErrorState {
    return {
      worse: this.worse.snapshot(),
      notWorse: this.#notWorse.snapshot(),
      ever: [this.#total, this.#failed],
      step: [this.#stepTotal, this.#stepFailed],
    };
  }

  restore(state: ErrorState): void {
    this.worse.restore(state.worse);
    this.#notWorse.restore(state.notWorse);
    this.#aboveRate = undefined;
    [this.#total, this.#failed] = state.ever;
    [this.#stepTotal, this.#stepFailed] = state.step;
  }
}

function noMoreErrors({ harmful }: ErrorLimits): ShareTest {
  const bets = NO_MORE_ERRORS.map((bet) => ({ ...bet, marked: (bet.marked * harmful) / 2 }));
  return new ShareTest({ bets, limit: harmful, reserve: 0 });
}
