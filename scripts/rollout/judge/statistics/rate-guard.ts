import { proportion } from "./bernoulli.ts";
import { Mixture, type MixtureState } from "./mixture.ts";

export interface RateGuardState extends MixtureState {
  before: [total: number, failed: number, block: number, blockFailed: number, worst: number];
  learntAt: number;
  limit: number;
  /** Seconds: when the next portion of the reserve is due. */
  nextDeposit: number;
}

// The prior: 200 requests without a failure.
const PRIOR_REQUESTS = 200;
const HEADROOM = 2;
const BLOCK = 100;
// The supposed rates of the bets, as fractions of the way from the limit to 1.
const ABOVE = [0.02, 0.1, 0.4, 0.97];
// The gain of a bet within a second is limited, so that an outage of a few seconds does not decide.
const LIMITS = [{ seconds: 1, gain: Math.exp(1.25) }];
// Each request without a failure costs a bet a part of its wealth, so that nothing is left after minutes. The
// reserved part begins anew each second.
const RESERVE = 0.5;
const DEPOSIT_SECONDS = 1;

/**
 * Tests whether requests fail more often than before, if no baseline runs at the same time: failures of the gateway
 * itself, and a candidate with all traffic. The tolerated rate is learned before: twice the upper end of the interval
 * for the failure rate, and at least the rate in the worst hundred consecutive requests, which bursts raise. Against
 * "each request fails with at most this probability" a mixture of likelihood ratios is an e-process (Ville 1939;
 * Robbins 1970). Unlike that of `ShareTest`, its bound on false alarms assumes that the rate would not have exceeded
 * the limit by itself.
 */
export class RateGuard extends Mixture {
  readonly #level: number;
  readonly #least: number;
  #total = 0;
  #failed = 0;
  #block = 0;
  #blockFailed = 0;
  #worst = 0;
  #learntAt = -1;
  #limit = 1;
  #nextDeposit = Number.NEGATIVE_INFINITY;
  readonly #onFailed = new Float64Array(ABOVE.length);
  readonly #onOk = new Float64Array(ABOVE.length);

  /**
   * @param level the probability that the interval for the earlier rate may miss it
   * @param least the failure probability, 0 to 1, up to which nothing is reported
   */
  constructor(level: number, least: number) {
    super(
      ABOVE.map(() => 1 / ABOVE.length),
      RESERVE,
      LIMITS,
    );
    this.#level = level;
    this.#least = least;
  }

  /** The failure probability up to which nothing is reported. */
  get limit(): number {
    return this.#limit;
  }

  before(failed: boolean): void {
    this.#total++;
    this.#block++;
    if (failed) {
      this.#failed++;
      this.#blockFailed++;
    }
    if (this.#block < BLOCK) return;
    this.#worst = Math.max(this.#worst, this.#blockFailed / this.#block);
    this.#block = 0;
    this.#blockFailed = 0;
  }

  /** @param t seconds */
  after(failed: boolean, t: number): void {
    if (t >= this.#nextDeposit) {
      // The first second has its wealth already.
      if (this.#nextDeposit !== Number.NEGATIVE_INFINITY) this.deposit();
      this.#nextDeposit = t + DEPOSIT_SECONDS;
    }
    // The interval is updated after a tenth more requests, to save time.
    if (this.#total > this.#learntAt * 1.1) this.#learn();
    this.enter(t);
    this.multiplyEachWithin(failed ? this.#onFailed : this.#onOk, 0, ABOVE.length, 1);
    this.sum();
  }

  override snapshot(): RateGuardState {
    return {
      ...super.snapshot(),
      before: [this.#total, this.#failed, this.#block, this.#blockFailed, this.#worst],
      learntAt: this.#learntAt,
      limit: this.#limit,
      // JSON has no infinity.
      nextDeposit: Math.max(this.#nextDeposit, -1e15),
    };
  }

  override restore(state: RateGuardState): void {
    super.restore(state);
    [this.#total, this.#failed, this.#block, this.#blockFailed, this.#worst] = state.before;
    this.#learntAt = state.learntAt;
    this.#setLimit(state.limit);
    this.#nextDeposit = state.nextDeposit === -1e15 ? Number.NEGATIVE_INFINITY : state.nextDeposit;
  }

  #learn(): void {
    this.#learntAt = this.#total;
    const { high } = proportion(this.#total + PRIOR_REQUESTS, this.#failed, this.#level);
    this.#setLimit(Math.min(0.999, Math.max(this.#least, HEADROOM * high, this.#worst)));
  }

  #setLimit(limit: number): void {
    this.#limit = limit;
    for (const [i, above] of ABOVE.entries()) {
      const supposed = limit + (1 - limit) * above;
      this.#onFailed[i] = supposed / limit;
      this.#onOk[i] = (1 - supposed) / (1 - limit);
    }
  }
}
