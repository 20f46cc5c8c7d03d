export interface MixtureState {
  wealth: number[];
  /** For each limit: the start of its current period, and the wealth of each bet then. */
  periods: { from: number; wealth: number[] }[];
  reserve: number;
  deposits: number;
}

// Far above any threshold, and far from the limits of double precision. Clamping at either end reduces an e-process,
// which keeps it valid.
const MOST = 1e200;
const LEAST = 1e-200;

/** Limits the gain of a bet to a factor of `gain` within `seconds`. */
export interface GainLimit {
  seconds: number;
  gain: number;
}

interface Period extends GainLimit {
  from: number;
  wealth: Float64Array;
}

/**
 * The wealth of several bets, 1 in total. If no bet can win on average, the sum is a non-negative supermartingale
 * that reaches 1/alpha with probability alpha at most, for any number of checks (Ville 1939).
 *
 * A candidate may turn bad late, when its share grows. So a part of the wealth is reserved and added to the bets in
 * portions, at times that do not depend on the outcomes: a mixture over the times of change (as in Shin, Ramdas and
 * Rinaldo, E-detectors, 2022), which is an e-process as well.
 *
 * The gain of a bet within a period can be limited, so that no single second or half minute decides: a wealth below a
 * supermartingale still reaches 1/alpha with probability alpha at most.
 */
export abstract class Mixture {
  /** The current e-value. */
  value = 1;
  protected readonly wealth: Float64Array;
  readonly #periods: readonly Period[];
  /** The limit of each bet in the current periods, and the time in seconds when the first of these ends. */
  readonly #most: Float64Array;
  #until = Number.NEGATIVE_INFINITY;
  readonly #weights: readonly number[];
  #reserve: number;
  #deposits = 0;
  /** The number of leading bets whose wealth can change separately. The sum of the others is cached. */
  protected readonly head: number;
  #tail = 0;

  /**
   * @param weights each bet's part of the wealth, before the reserve is subtracted; their sum is 1
   * @param reserve the part of the wealth that is reserved for changes that begin later
   * @param limits of the gains by `multiplyWithin`
   * @param head the number of leading bets whose wealth can change separately
   */
  constructor(
    weights: readonly number[],
    reserve: number,
    limits: readonly GainLimit[] = [],
    head: number = weights.length,
  ) {
    this.#weights = weights;
    this.head = head;
    this.#reserve = reserve;
    this.wealth = Float64Array.from(weights, (weight) => weight * (1 - reserve));
    this.#periods = limits.map((limit) => ({
      ...limit,
      from: Number.NEGATIVE_INFINITY,
      wealth: Float64Array.from(this.wealth),
    }));
    this.#most = new Float64Array(weights.length);
    this.#limit();
    this.sum();
  }

  /** Adds a portion of the reserve to the bets. Call it at times that do not depend on the outcomes. */
  deposit(): void {
    const portion = this.#reserve / (this.#deposits + 3);
    this.#deposits++;
    this.#reserve -= portion;
    for (let i = 0; i < this.wealth.length; i++) {
      const added = portion * (this.#weights[i] as number);
      this.wealth[i] = (this.wealth[i] as number) + added;
      for (const { wealth } of this.#periods) wealth[i] = (wealth[i] as number) + added;
    }
    this.#limit();
    this.sum();
  }

  snapshot(): MixtureState {
    return {
      wealth: [...this.wealth],
      // JSON has no infinity.
      periods: this.#periods.map(({ from, wealth }) => ({
        from: Math.max(from, -1e15),
        wealth: [...wealth],
      })),
      reserve: this.#reserve,
      deposits: this.#deposits,
    };
  }

  restore(state: MixtureState): void {
    this.wealth.set(state.wealth);
    for (const [i, period] of this.#periods.entries()) {
      const saved = state.periods[i];
      if (saved === undefined) continue;
      period.from = saved.from;
      period.wealth.set(saved.wealth);
    }
    this.#limit();
    this.#reserve = state.reserve;
    this.#deposits = state.deposits;
    this.sum();
  }

  /** Restarts the periods that have ended at `t` seconds. */
  protected enter(t: number): void {
    if (t < this.#until) return;
    for (const period of this.#periods) {
      if (t < period.from + period.seconds) continue;
      period.from = t;
      period.wealth.set(this.wealth);
    }
    this.#limit();
  }

  /** Multiplies the wealth of a bet; the caller updates the sum afterwards. */
  protected multiply(bet: number, factor: number): void {
    this.wealth[bet] = cut((this.wealth[bet] as number) * factor);
  }

  /** As `multiply`, within the limits. */
  protected multiplyWithin(bet: number, factor: number): void {
    const wealth = (this.wealth[bet] as number) * factor;
    this.wealth[bet] = cut(factor > 1 ? Math.min(wealth, this.#most[bet] as number) : wealth);
  }

  /**
   * Multiplies the wealth of the bets from `first` to before `end`, which stake `part` of it.
   * @param at the index of the first bet's factor
   */
  protected multiplyEach(factors: Float64Array, first: number, end: number, part: number, at = 0): void {
    const { wealth } = this;
    for (let i = first; i < end; i++) {
      wealth[i] = cut((wealth[i] as number) * (1 + part * ((factors[at + i] as number) - 1)));
    }
  }

  /** As `multiplyEach`, within the limits. */
  protected multiplyEachWithin(
    factors: Float64Array,
    first: number,
    end: number,
    part: number,
    at = 0,
  ): void {
    const { wealth } = this;
    const most = this.#most;
    for (let i = first; i < end; i++) {
      const factor = 1 + part * ((factors[at + i] as number) - 1);
      const product = (wealth[i] as number) * factor;
      const limit = most[i] as number;
      wealth[i] = cut(factor > 1 && product > limit ? limit : product);
    }
  }

  protected sum(): void {
    let tail = this.#reserve;
    const { wealth } = this;
    for (let i = this.head; i < wealth.length; i++) tail += wealth[i] as number;
    this.#tail = tail;
    this.sumHead();
  }

  /** Updates the sum if only the wealth of the leading bets has changed. */
  protected sumHead(): void {
    let sum = this.#tail;
    const { wealth } = this;
    const head = this.head;
    for (let i = 0; i < head; i++) sum += wealth[i] as number;
    this.value = sum;
  }

  /** Computes the limits of the current periods. */
  #limit(): void {
    this.#until = Number.POSITIVE_INFINITY;
    this.#most.fill(Number.POSITIVE_INFINITY);
    for (const { from, seconds, gain, wealth } of this.#periods) {
      this.#until = Math.min(this.#until, from + seconds);
      for (let i = 0; i < wealth.length; i++) {
        this.#most[i] = Math.min(this.#most[i] as number, (wealth[i] as number) * gain);
      }
    }
  }
}

function cut(wealth: number): number {
  return wealth > MOST ? MOST : wealth < LEAST ? 0 : wealth;
}
