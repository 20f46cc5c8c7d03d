import { Episodes, type EpisodeState } from "./episodes.ts";
import { type GainLimit, Mixture, type MixtureState } from "./mixture.ts";

/** A bet on the difference of a candidate: one member of the mixture. */
export interface Bet {
  /** Its part of the wealth, before the reserve is subtracted; the parts of a test sum to 1. */
  weight: number;
  /** The supposed ratio of the candidate's probability of a mark to the baseline's. */
  marked: number;
  /** The same ratio for a request without the mark; 1 for a bet on marked requests alone. */
  plain: number;
}

export interface ShareTestOptions {
  bets: readonly Bet[];
  /** The bound of the null hypothesis: the ratio of the probabilities of a mark is at most (or at least) this. */
  limit: number;
  /** The part of the wealth that is reserved for changes that begin later. */
  reserve: number;
  /** Whether a cluster of the candidate's marks counts as one. @default false */
  clustered?: boolean;
  /** Limits on the gains of bets on all requests, and with `limited` of all bets. */
  limits?: readonly GainLimit[];
  limited?: boolean;
}

export interface ShareState extends MixtureState {
  episode: EpisodeState;
  lifts: number[];
}

/**
 * An anytime-valid test of whether a mark (an error, a latency beyond a threshold) occurs for the candidate more
 * often than its share of the traffic explains.
 *
 * Given that a request is marked, it is the candidate's with probability wr/(wr+1-w), where w is the share in force
 * and r the ratio of both revisions' probabilities of a mark: the rate of requests and the probability of a mark may
 * change over time, as long as they change for both. Each bet multiplies its wealth by the ratio of this probability
 * under its r and under the limit. Under the null hypothesis no bet can win on average, so the total wealth is a
 * process as `Mixture` requires. This is the time-inhomogeneous multinomial test of Lindon and Malek (Anytime-Valid
 * Inference for Multinomial Count Data, NeurIPS 2022) with a mixture over r in place of a Dirichlet prior, so that
 * the null share may change with each event and may be composite (r up to the limit).
 *
 * Requests without a mark are evidence in the same way, and much of it if marks are frequent: a candidate that always
 * fails is also detected by each success of the baseline. The two factors of one bet are then those of the 2x2 table
 * of Turner, Ly and Grünwald (Safe Tests for Two Proportions, 2021) with a known share in place of blocks.
 */
export class ShareTest extends Mixture {
  readonly #bets: readonly Bet[];
  readonly #limit: number;
  #share = Number.NaN;
  // The factors of each bet's wealth at the current share.
  readonly #markedCandidate: Float64Array;
  readonly #markedBaseline: Float64Array;
  readonly #plainCandidate: Float64Array;
  readonly #plainBaseline: Float64Array;
  // The factor of a mark of the candidate in a cluster, and the gain if the open episode proves to be a single mark.
  readonly #clusterCandidate: Float64Array;
  readonly #lifts: Float64Array;
  readonly #clustered: boolean;
  readonly #limited: boolean;
  readonly #episodes = new Episodes();
  // The largest factors of a win.
  #bestMarked = 1;
  #bestPlain = 1;

  constructor({ bets, limit, reserve, clustered = false, limits = [], limited = false }: ShareTestOptions) {
    const ordered = [...bets].sort((a, b) => Number(a.plain === 1) - Number(b.plain === 1));
    super(
      ordered.map(({ weight }) => weight),
      reserve,
      limits,
      // Bets that are also on unmarked requests come first.
      bets.filter(({ plain }) => plain !== 1).length,
    );
    this.#limited = limited;
    this.#bets = ordered;
    this.#limit = limit;
    this.#markedCandidate = new Float64Array(bets.length);
    this.#markedBaseline = new Float64Array(bets.length);
    this.#plainCandidate = new Float64Array(bets.length);
    this.#plainBaseline = new Float64Array(bets.length);
    this.#clusterCandidate = new Float64Array(bets.length);
    this.#lifts = new Float64Array(bets.length).fill(1);
    this.#clustered = clustered;
  }

  /**
   * Observes a request. `share` lies between 0 and 1: at either end there is nothing to compare.
   * @param enough the e-value that decides. No more is staked than needed to reach it, so that a loss costs less,
   *   which Ville's inequality permits for a test that would exceed its threshold
   * @param steady whether both revisions had requests lately. While one is missing, there are no bets that its
   *   absence alone would win, in case the share is not in force
   */
  observe(
    marked: boolean,
    candidate: boolean,
    share: number,
    enough: number,
    steady: boolean,
    t: number,
    most = 1,
  ): void {
    const first = steady ? 0 : this.head;
    const end = marked ? this.wealth.length : this.head;
    if (first >= end && !(this.#clustered && candidate)) return;
    if (share !== this.#share) this.#tabulate(share);
    let part = this.#part(marked, first, enough);
    // Above a limit of 1, bets on all requests win nothing on average over marked and unmarked requests together, but
    // not over each kind separately: the stake must not depend on the mark.
    if (this.#limit > 1 && first < this.head) part = Math.min(part, this.#part(!marked, first, enough));
    if (part > most) part = most;
    let isHeadOnly = !marked;
    if (this.#clustered) isHeadOnly = this.#observeClustered(marked, candidate, part, first, t);
    else this.multiplyEach(this.#factors(marked, candidate), first, end, part);
    if (isHeadOnly) this.sumHead();
    else this.sum();
  }

  override deposit(): void {
    super.deposit();
    // The portion was not bet on the open episode.
    this.#lifts.fill(1);
  }

  override snapshot(): ShareState {
    return { ...super.snapshot(), episode: this.#episodes.snapshot(), lifts: [...this.#lifts] };
  }

  override restore(state: ShareState): void {
    super.restore(state);
    this.#episodes.restore(state.episode);
    this.#lifts.set(state.lifts);
  }

  /** @returns whether only bets on all requests have changed */
  #observeClustered(marked: boolean, candidate: boolean, part: number, first: number, t: number): boolean {
    this.enter(t);
    const factors = this.#factors(marked, candidate);
    this.multiplyEachWithin(factors, first, this.head, part);
    if (!candidate) {
      if (marked) this.multiplyEach(factors, this.head, factors.length, part);
      return !marked;
    }
    const step = marked ? this.#episodes.fail(t) : this.#episodes.succeed();
    if (step === "none" || step === "linked") return true;
    for (let i = this.head; i < factors.length; i++) {
      if (step === "confirmed") this.#win(i, this.#lifts[i] as number);
      else if (step === "merged") this.multiply(i, 1 / (this.#lifts[i] as number));
      else {
        const single = 1 + part * ((factors[i] as number) - 1);
        if (step === "counts") this.#win(i, single);
        else {
          const once = Math.min(single, this.#clusterCandidate[i] as number);
          this.#lifts[i] = single / once;
          this.#win(i, once);
        }
      }
    }
    return false;
  }

  #win(bet: number, factor: number): void {
    if (this.#limited) this.multiplyWithin(bet, factor);
    else this.multiply(bet, factor);
  }

  #factors(marked: boolean, candidate: boolean): Float64Array {
    if (marked) return candidate ? this.#markedCandidate : this.#markedBaseline;
    return candidate ? this.#plainCandidate : this.#plainBaseline;
  }

  /** Returns the part of the wealth to stake, before the revision of the request is known. */
  #part(marked: boolean, first: number, enough: number): number {
    if (this.value * (marked ? this.#bestMarked : this.#bestPlain) <= enough) return 1;
    const end = marked ? this.wealth.length : this.head;
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
      const half = Math.max(w, 0.5);
      this.#clusterCandidate[i] = (((half * limit + 1 - half) / (half * marked + 1 - half)) * marked) / limit;
      if (candidate > bestMarked) bestMarked = candidate;
      if (baseline > bestPlain) bestPlain = baseline;
    }
    this.#bestMarked = bestMarked;
    this.#bestPlain = bestPlain;
  }
}

/**
 * Returns the factor of a baseline's mark for a bet on all requests. The expected factor is linear in both
 * probabilities of a mark, p of the baseline and at most limit·p of the candidate, so it is at most 1 everywhere if
 * it is at the corners; (1, 1) and (1/limit, 1) are binding.
 */
function fullScale(w: number, marked: number, plainBaseline: number, limit: number): number {
  const rest = 1 - w;
  const even = 1 / (w * marked + rest);
  if (limit <= 1) return even;
  const spare = 1 - rest * (1 - 1 / limit) * plainBaseline;
  return Math.min(even, Math.max(0, spare) / (w * marked + rest / limit));
}
