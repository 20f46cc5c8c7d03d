export interface MixtureState {
  wealth: number[];
  reserve: number;
  deposits: number;
}

// Far beyond any threshold, and far from the ends of double precision. Below, money is as good as lost; cutting off at
// either end only takes from an e-process, which keeps it valid.
const MOST = 1e200;
const LEAST = 1e-200;

/**
 * The money of several bets, of 1 in all. Where no bet can win on average the sum is a non-negative supermartingale that
 * reaches 1/alpha with probability alpha at most, whenever and however often somebody looks (Ville 1939).
 *
 * A candidate may turn bad late, when its share grows. So a part of the money is held back and added to the bets in
 * portions, at times that do not depend on what is tested: a mixture over the times of change (as in Shin, Ramdas and
 * Rinaldo, E-detectors, 2022), which is an e-process as well.
 */
export abstract class Mixture {
  /** The e-value now. */
  value = 1;
  protected readonly wealth: Float64Array;
  readonly #weights: readonly number[];
  #reserve: number;
  #deposits = 0;

  /**
   * @param weights each bet's part of the money, before the reserve is taken off; their sum is 1
   * @param reserve the part of the money that is held back, for what begins later
   */
  constructor(weights: readonly number[], reserve: number) {
    this.#weights = weights;
    this.#reserve = reserve;
    this.wealth = Float64Array.from(weights, (weight) => weight * (1 - reserve));
    this.sum();
  }

  /** Adds a portion of the reserve to the bets. To be called at times that do not depend on what is tested. */
  deposit(): void {
    const portion = this.#reserve / (this.#deposits + 3);
    this.#deposits++;
    this.#reserve -= portion;
    for (let i = 0; i < this.wealth.length; i++) {
      this.wealth[i] = (this.wealth[i] as number) + portion * (this.#weights[i] as number);
    }
    this.sum();
  }

  snapshot(): MixtureState {
    return { wealth: [...this.wealth], reserve: this.#reserve, deposits: this.#deposits };
  }

  restore(state: MixtureState): void {
    this.wealth.set(state.wealth);
    this.#reserve = state.reserve;
    this.#deposits = state.deposits;
    this.sum();
  }

  /** Multiplies the money of a bet; the sum is to be taken anew afterwards. */
  protected multiply(bet: number, factor: number): void {
    const money = (this.wealth[bet] as number) * factor;
    this.wealth[bet] = money > MOST ? MOST : money < LEAST ? 0 : money;
  }

  protected sum(): void {
    let sum = this.#reserve;
    const { wealth } = this;
    for (let i = 0; i < wealth.length; i++) sum += wealth[i] as number;
    this.value = sum;
  }
}
