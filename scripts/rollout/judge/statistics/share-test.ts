import { Mixture } from "./mixture.ts";

/** A bet on how a candidate differs: what one member of the mixture supposes. */
export interface Bet {
  /** Its part of the money, before the reserve is taken off; those of a test sum to 1. */
  weight: number;
  /** How many times as often a marked request comes from the candidate as from the baseline, per request of each. */
  marked: number;
  /** The same for a request without the mark; 1 for a bet on marked requests alone. */
  plain: number;
}

export interface ShareTestOptions {
  bets: readonly Bet[];
  /** Where the null hypothesis ends: per request, the candidate is marked at most (or at least) this many times as often. */
  limit: number;
  /** The part of the money that is held back, for what begins later. */
  reserve: number;
}

/**
 * An anytime-valid test of whether a mark (an error, a latency beyond a threshold) falls on the candidate more often
 * than its share of the traffic explains.
 *
 * Given that a request is marked, it is the candidate's with probability wr/(wr+1-w), where w is the share in force and
 * r the ratio of both revisions' probabilities of a mark: the rate of requests and the probability of a mark may change
 * with time as they like, as long as they change for both. Each bet multiplies its money by the ratio of this
 * probability under its r and under the limit; under the null hypothesis no bet can win on average, so the sum of the
 * money is what `Mixture` asks for. This is the time-inhomogeneous multinomial test of Lindon and Malek
 * (Anytime-Valid Inference for Multinomial Count Data, NeurIPS 2022) with a mixture over r in place of a Dirichlet
 * prior, so that the null share may change with each event and may be composite (r up to the limit).
 *
 * Requests without a mark are evidence in the same way, and much of it where marks are frequent: a candidate that only
 * fails is told by each success of the baseline too. The two factors of one bet are then those of the 2x2 table of
 * Turner, Ly and Grünwald (Safe Tests for Two Proportions, 2021) with a known share in place of blocks.
 */
export class ShareTest extends Mixture {
  readonly #bets: readonly Bet[];
  readonly #limit: number;
  /** How many bets are also on plain requests: they come first. */
  readonly #full: number;
  #share = Number.NaN;
  // What each bet's money is multiplied by, at the present share.
  readonly #markedCandidate: Float64Array;
  readonly #markedBaseline: Float64Array;
  readonly #plainCandidate: Float64Array;
  readonly #plainBaseline: Float64Array;
  // The largest factors of a win.
  #bestMarked = 1;
  #bestPlain = 1;

  constructor({ bets, limit, reserve }: ShareTestOptions) {
    const ordered = [...bets].sort((a, b) => Number(a.plain === 1) - Number(b.plain === 1));
    super(
      ordered.map(({ weight }) => weight),
      reserve,
    );
    this.#bets = ordered;
    this.#limit = limit;
    this.#full = bets.filter(({ plain }) => plain !== 1).length;
    this.#markedCandidate = new Float64Array(bets.length);
    this.#markedBaseline = new Float64Array(bets.length);
    this.#plainCandidate = new Float64Array(bets.length);
    this.#plainBaseline = new Float64Array(bets.length);
  }

  /**
   * Hears of a request. `share` lies between 0 and 1: at either end nothing can be compared.
   * @param enough the e-value that decides. No more is bet than it takes to reach it, so that a loss costs less: what
   *   Ville's inequality gives away where a test jumps over its threshold
   * @param steady whether both revisions were heard of lately. While one is missing, nothing is bet that would win by
   *   its absence alone, in case the share is not in force
   */
  observe(marked: boolean, candidate: boolean, share: number, enough: number, steady: boolean): void {
    const first = steady ? 0 : this.#full;
    const end = marked ? this.wealth.length : this.#full;
    if (first >= end) return;
    if (share !== this.#share) this.#tabulate(share);
    const best = marked ? this.#bestMarked : this.#bestPlain;
    const part = this.value * best > enough ? this.#stake(marked, first, end, enough) : 1;
    const factors = marked
      ? candidate
        ? this.#markedCandidate
        : this.#markedBaseline
      : candidate
        ? this.#plainCandidate
        : this.#plainBaseline;
    for (let i = first; i < end; i++) this.multiply(i, 1 + part * ((factors[i] as number) - 1));
    this.sum();
  }

  /** The part of the money to bet, before it is known which revision the request is of. */
  #stake(marked: boolean, first: number, end: number, enough: number): number {
    const wins = marked ? this.#markedCandidate : this.#plainBaseline;
    let gain = 0;
    for (let i = first; i < end; i++) gain += (this.wealth[i] as number) * ((wins[i] as number) - 1);
    return this.value + gain <= enough ? 1 : Math.max(0, (enough - this.value) / gain);
  }

  #tabulate(w: number): void {
    this.#share = w;
    const limit = this.#limit;
    const rest = 1 - w;
    let bestMarked = 0;
    let bestPlain = 0;
    for (let i = 0; i < this.#bets.length; i++) {
      const { marked, plain } = this.#bets[i] as Bet;
      const onAll = plain !== 1;
      const baseline = onAll ? 1 / (w * plain + rest) : 1;
      const scale = onAll ? fullScale(w, marked, baseline, limit) : (w * limit + rest) / (w * marked + rest);
      const candidate = onAll ? scale * marked : (scale * marked) / limit;
      this.#plainCandidate[i] = plain * baseline;
      this.#plainBaseline[i] = baseline;
      this.#markedCandidate[i] = candidate;
      this.#markedBaseline[i] = scale;
      if (candidate > bestMarked) bestMarked = candidate;
      if (baseline > bestPlain) bestPlain = baseline;
    }
    this.#bestMarked = bestMarked;
    this.#bestPlain = bestPlain;
  }
}

/**
 * What a baseline's mark multiplies the money of a bet on all requests by. The expected factor is linear in both
 * probabilities of a mark, p of the baseline and at most limit·p of the candidate, so it is at most 1 everywhere if it
 * is at the corners: (1, 1) and (1/limit, 1) are those that bind.
 */
function fullScale(w: number, marked: number, plainBaseline: number, limit: number): number {
  const rest = 1 - w;
  const even = 1 / (w * marked + rest);
  if (limit <= 1) return even;
  const spare = 1 - rest * (1 - 1 / limit) * plainBaseline;
  return Math.min(even, Math.max(0, spare) / (w * marked + rest / limit));
}
