import { proportion } from "./bernoulli.ts";

export interface RateGuardState {
  before: [total: number, failed: number, block: number, blockFailed: number, worst: number];
  learntAt: number;
  limit: number;
  wealth: number[];
  /** When the present second began, and the wealth then. */
  second: number;
  secondWealth: number[];
}

// The prior: 200 requests without a failure.
const PRIOR_REQUESTS = 200;
const HEADROOM = 2;
const BLOCK = 100;
// The supposed rates of the bets, as parts of the way from the limit to 1.
const ABOVE = [0.02, 0.1, 0.4, 0.97];
// The most that a bet can win within one second, as a factor: an outage of a few seconds does not decide.
const GAIN = Math.exp(1.25);
const MOST = 1e200;
const LEAST = 1e-200;

/**
 * Tests whether requests fail more often than before, where no baseline runs at the same time: failures of the gateway
 * itself, and a candidate with all traffic.
 *
 * The tolerated rate is learnt before: twice the upper end of the interval for the rate of failures, and at least the
 * rate in the worst hundred requests in a row, which bursts raise. Against "each request fails with at most this
 * probability" a mixture of likelihood ratios is an e-process (Ville 1939; Robbins 1970). Unlike that of `ShareTest`, its
 * bound on false alarms assumes that the rate would not have passed the limit by itself.
 */
export class RateGuard {
  /** The e-value now. */
  value = 1;
  readonly #level: number;
  readonly #least: number;
  #total = 0;
  #failed = 0;
  #block = 0;
  #blockFailed = 0;
  #worst = 0;
  #learntAt = -1;
  #limit = 1;
  readonly #wealth = new Float64Array(ABOVE.length).fill(1 / ABOVE.length);
  #second = Number.NEGATIVE_INFINITY;
  readonly #secondWealth = Float64Array.from(this.#wealth);
  readonly #onFailed = new Float64Array(ABOVE.length);
  readonly #onOk = new Float64Array(ABOVE.length);

  /**
   * @param level the probability that the interval for the rate before may miss it
   * @param least the probability of a failure, 0 to 1, up to which nothing is found
   */
  constructor(level: number, least: number) {
    this.#level = level;
    this.#least = least;
  }

  /** The probability of a failure up to which nothing is found. */
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
    if (t >= this.#second + 1) {
      this.#second = t;
      this.#secondWealth.set(this.#wealth);
    }
    // The interval is updated after a tenth more requests, to save time.
    if (this.#total > this.#learntAt * 1.1) this.#learn();
    // Long without a failure, nothing is left to bet.
    if (this.value === 0) return;
    const factors = failed ? this.#onFailed : this.#onOk;
    const wealth = this.#wealth;
    const secondWealth = this.#secondWealth;
    let sum = 0;
    for (let i = 0; i < wealth.length; i++) {
      const most = (secondWealth[i] as number) * GAIN;
      const product = (wealth[i] as number) * (factors[i] as number);
      const money = product > most ? most : product;
      const kept = money > MOST ? MOST : money < LEAST ? 0 : money;
      wealth[i] = kept;
      sum += kept;
    }
    this.value = sum;
  }

  snapshot(): RateGuardState {
    return {
      before: [this.#total, this.#failed, this.#block, this.#blockFailed, this.#worst],
      learntAt: this.#learntAt,
      limit: this.#limit,
      wealth: [...this.#wealth],
      // JSON has no infinity.
      second: Math.max(this.#second, -1e15),
      secondWealth: [...this.#secondWealth],
    };
  }

  restore(state: RateGuardState): void {
    [this.#total, this.#failed, this.#block, this.#blockFailed, this.#worst] = state.before;
    this.#learntAt = state.learntAt;
    this.#setLimit(state.limit);
    this.#wealth.set(state.wealth);
    this.#second = state.second;
    this.#secondWealth.set(state.secondWealth);
    this.value = this.#wealth.reduce((sum, money) => sum + money, 0);
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
