import { logAbove, logBelow } from "./statistics/bernoulli.ts";
import { MORE_ERRORS, NO_MORE_ERRORS, RESERVE } from "./defaults.ts";
import { ShareTest, type ShareTestState } from "./statistics/share-test.ts";

export interface ErrorState {
  worse: ShareTestState;
  notWorse: ShareTestState;
  ever: [total: number, failed: number];
  step: [total: number, failed: number];
}

/** What error tests are made from; see `JudgeOptions`. */
export interface ErrorLimits {
  tolerated: number;
  toleratedRate: number;
  harmful: number;
}

/** Whether the candidate fails more often than the baseline, or surely does not. */
export class ErrorTests {
  readonly worse: ShareTest;
  readonly #limits: ErrorLimits;
  #notWorse: ShareTest;
  #total = 0;
  #failed = 0;
  #stepTotal = 0;
  #stepFailed = 0;

  constructor(limits: ErrorLimits) {
    this.#limits = limits;
    // A bet within what is tolerated would be a bet on the wrong side.
    const bets = MORE_ERRORS.map((bet) => ({ ...bet, marked: bet.marked * limits.tolerated }));
    this.worse = new ShareTest({ bets, limit: limits.tolerated, reserve: RESERVE.errors });
    this.#notWorse = noMoreErrors(limits);
  }

  /** Compares, while both revisions have a share. */
  observe(
    candidate: boolean,
    failed: boolean,
    share: number,
    count: number,
    enough: number,
    steady: boolean,
  ): void {
    this.worse.observe(failed, candidate, share, count, enough, steady);
    this.#notWorse.observe(failed, candidate, share, count, Number.POSITIVE_INFINITY, steady);
  }

  /** Counts the candidate's requests, whatever its share. */
  count(failed: boolean, count: number): void {
    this.#total += count;
    this.#stepTotal += count;
    if (!failed) return;
    this.#failed += count;
    this.#stepFailed += count;
  }

  /**
   * The e-value against "no worse than tolerated". Where a rate is tolerated as such, that null hypothesis is a union,
   * and only the smaller one of the two e-values is evidence against it.
   */
  get value(): number {
    const compared = this.worse.value;
    const { toleratedRate } = this.#limits;
    if (toleratedRate === 0 || compared <= 1) return compared;
    return Math.min(compared, Math.exp(logAbove(this.#total, this.#failed, toleratedRate)));
  }

  /** The logarithm of the evidence for either of two claims: less harmful than the ratio, or than a rate. */
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
    [this.#total, this.#failed] = state.ever;
    [this.#stepTotal, this.#stepFailed] = state.step;
  }
}

function noMoreErrors({ harmful }: ErrorLimits): ShareTest {
  const bets = NO_MORE_ERRORS.map((bet) => ({ ...bet, marked: (bet.marked * harmful) / 2 }));
  return new ShareTest({ bets, limit: harmful, reserve: 0 });
}
