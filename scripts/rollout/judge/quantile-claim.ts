import { logBelow } from "./statistics/bernoulli.ts";
import { type Bet, type ShareState, ShareTest } from "./statistics/share-test.ts";

/** The state of a claim, as JSON. */
export interface ClaimState {
  threshold: [low: number, high: number] | null;
  notWorse: ShareState;
  total: number;
  beyond: number;
  unclear: number;
}

/** The claim that the candidate is not harmfully slower at one quantile. */
export class QuantileClaim {
  // Bounds of the baseline's quantile, in milliseconds; infinite until there are enough latencies. They differ if
  // many latencies are equal: above the upper one, at most the quantile's part of the baseline is marked, and above
  // the lower one at least that part.
  #low = Number.POSITIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  readonly #harmful: number;
  readonly #bets: readonly Bet[];
  #notWorse: ShareTest;
  #total = 0;
  #beyond = 0;
  #unclear = 0;

  constructor(harmful: number, bets: readonly Bet[]) {
    this.#harmful = harmful;
    this.#bets = bets;
    this.#notWorse = new ShareTest({ bets, limit: 1, reserve: 0 });
  }

  /** The bound that fewer than the quantile's part of the baseline reach. */
  get high(): number {
    return this.#high;
  }

  /** The candidate's requests that count as harmfully slow, and those of them that may not be. */
  get beyond(): { requests: number; unclear: number } {
    return { requests: this.#beyond, unclear: this.#unclear };
  }

  /** Updates the baseline's quantile for the next requests. */
  setThreshold({ low, high }: { low: number; high: number }): void {
    this.#low = low;
    this.#high = high;
  }

  observe(candidate: boolean, fromMs: number, ms: number, share: number, steady: boolean, t: number): void {
    if (this.#high === Number.POSITIVE_INFINITY) return;
    const marked = candidate ? ms >= this.#low * this.#harmful : fromMs >= this.#low;
    this.#notWorse.observe(marked, candidate, share, Number.POSITIVE_INFINITY, steady, t);
    if (!candidate) return;
    this.#total++;
    if (!marked) return;
    this.#beyond++;
    if (fromMs < this.#low * this.#harmful) this.#unclear++;
  }

  /**
   * Returns the logarithm of the evidence for either of two claims, each at half of the level: the candidate exceeds
   * the harmful threshold less often than the baseline its quantile, or in less than a share `limit` of its requests.
   */
  log(limit: number): number {
    const compared = Math.log(this.#notWorse.value);
    return Math.max(compared, logBelow(this.#total, this.#beyond, limit)) - Math.LN2;
  }

  nextStep(): void {
    this.#notWorse = new ShareTest({ bets: this.#bets, limit: 1, reserve: 0 });
    this.#total = 0;
    this.#beyond = 0;
    this.#unclear = 0;
  }

  snapshot(): ClaimState {
    return {
      // JSON has no infinity.
      threshold: this.#high === Number.POSITIVE_INFINITY ? null : [this.#low, this.#high],
      notWorse: this.#notWorse.snapshot(),
      total: this.#total,
      beyond: this.#beyond,
      unclear: this.#unclear,
    };
  }

  restore(state: ClaimState): void {
    [this.#low, this.#high] = state.threshold ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    this.#notWorse.restore(state.notWorse);
    this.#total = state.total;
    this.#beyond = state.beyond;
    this.#unclear = state.unclear;
  }
}
