import { compiled, ndtr, ndtri } from "cephes";
import { BUCKETS, bucketOf, Histogram, type HistogramState } from "./histogram.ts";
import { type GainLimit, Mixture, type MixtureState } from "./mixture.ts";

// The special functions are WebAssembly, which is compiled once when this module is loaded.
await compiled;

/** A bet on the slowdown of a candidate: one member of the mixture. */
export interface ShiftBet {
  /** Its part of the wealth, before the reserve is subtracted; the parts of a test sum to 1. */
  weight: number;
  /** The supposed distance of the candidate's latencies above the baseline's, in standard deviations. */
  shift: number;
}

export interface RankState extends MixtureState {
  pool: HistogramState;
  ofCandidate: number;
  learnt: number;
  due: number;
  /** The ranks at the last update: the first bucket of each level but the lowest, and the candidate's part. */
  starts: number[];
  step: number;
}

// Ranks are grouped by their normal quantiles: levels of an eighth, from -2.5 to 2.5.
const LEVELS = 41;
const HIGHEST = 2.5;
const middleOf = (level: number): number => ((2 * level) / (LEVELS - 1) - 1) * HIGHEST;
const BORDERS = Float64Array.from({ length: LEVELS - 1 }, (_, i) => ndtr(middleOf(i + 0.5)));

// The candidate's part of the pool is rounded to twentieths, so that few tables are computed.
const STEPS = 20;

// Ranks are updated after a sixteenth more values, or this many; and the number of values after which older ones
// count less.
const MORE = 1 / 16;
const MOST_BETWEEN = 1024;
const REMEMBERED = 16_384;

const tablesOf = new WeakMap<readonly ShiftBet[], Map<number, Float64Array>>();

/**
 * An anytime-valid test of whether one revision's values lie above the other's, by their ranks among all previous
 * values.
 *
 * If both revisions were equal, a request's value would not depend on the revision that answered: it was the
 * candidate with probability w, the share in force. A bet multiplies the odds of the candidate by e(x), which does
 * not decrease with the value x: its wealth is multiplied by e/(w·e+1-w) if it was the candidate, else by
 * 1/(w·e+1-w). Both are 1+h·(L-w) with an h that does not decrease with x, and L = 1 for the candidate. So the mean
 * gain is w(1-w) times the difference between the candidate's mean of h and the baseline's, which is at most 0 if the
 * candidate's values are stochastically no larger, for any distribution, any change that affects both, and any e that
 * was learned from earlier requests. (Betting on a bounded mean: Waudby-Smith and Ramdas, Estimating means of bounded
 * random variables by betting, 2024; on ranks: Shafer and Vovk, Game-Theoretic Foundations for Probability and
 * Finance, 2019, chapter 8; stochastic order of latencies: Lindon, Sanden, Shirikian, Rapid regression detection in
 * software deployments through sequential testing, KDD 2022.)
 *
 * The choice of e determines the power. Here it is the likelihood ratio of two normal distributions at a distance of
 * `shift`, at the point with x's rank in their mixture by the candidate's part of the pool. So a few dozen requests
 * give as much evidence as normal values with known parameters (Chernoff and Savage, Asymptotic normality and
 * efficiency of certain nonparametric test statistics, 1958). Equal values have equal ranks, with a mean gain of 0.
 */
export class RankTest extends Mixture {
  readonly #bets: readonly ShiftBet[];
  readonly #pool = new Histogram();
  #ofCandidate = 0;
  #learnt = 0;
  #due = 1;
  #starts: number[] = [];
  #step = 0;
  readonly #levels = new Uint8Array(BUCKETS);
  /** The odds of each bet at each level. */
  #odds: Float64Array | undefined;
  /** The factors of each bet's wealth at each level, computed for the current share. */
  readonly #onCandidate: Float64Array;
  readonly #onBaseline: Float64Array;
  #share = Number.NaN;

  constructor(bets: readonly ShiftBet[], reserve: number, limits: readonly GainLimit[] = []) {
    super(
      bets.map(({ weight }) => weight),
      reserve,
      limits,
    );
    this.#bets = bets;
    this.#onCandidate = new Float64Array(LEVELS * bets.length);
    this.#onBaseline = new Float64Array(LEVELS * bets.length);
  }

  /**
   * Compares a value before it is learned. `share` lies between 0 and 1.
   * @param enough the e-value that decides: no more is staked than needed to reach it
   */
  observe(value: number, candidate: boolean, share: number, enough: number, most: number, t: number): void {
    const odds = this.#odds;
    if (odds === undefined) return;
    if (share !== this.#share) this.#tabulate(odds, share);
    const { length } = this.wealth;
    const row = (this.#levels[bucketOf(value)] as number) * length;
    const rest = 1 - share;
    // The largest possible factor: that of a certain win.
    const isNear = this.value > enough * (share < rest ? share : rest);
    let part = isNear ? this.#stake(odds, row, share, enough) : 1;
    if (part > most) part = most;
    this.enter(t);
    this.multiplyEachWithin(candidate ? this.#onCandidate : this.#onBaseline, 0, length, part, row);
    this.sum();
  }

  /** Adds a value to the pool for ranking later ones. */
  learn(value: number, candidate: boolean): void {
    this.#pool.add(value, 1);
    if (candidate) this.#ofCandidate++;
    this.#learnt++;
    if (this.#learnt < this.#due) return;
    this.#due = this.#learnt + Math.min(MOST_BETWEEN, Math.ceil(this.#learnt * MORE));
    this.#starts = this.#pool.starts(BORDERS);
    this.#step = Math.round((STEPS * (this.#ofCandidate + 0.5)) / (this.#pool.total + 1));
    this.#rank();
    if (this.#pool.total <= REMEMBERED) return;
    this.#pool.fade();
    this.#ofCandidate /= 2;
  }

  override snapshot(): RankState {
    return {
      ...super.snapshot(),
      pool: this.#pool.snapshot(),
      ofCandidate: this.#ofCandidate,
      learnt: this.#learnt,
      due: this.#due,
      starts: [...this.#starts],
      step: this.#step,
    };
  }

  override restore(state: RankState): void {
    super.restore(state);
    this.#pool.restore(state.pool);
    this.#ofCandidate = state.ofCandidate;
    this.#learnt = state.learnt;
    this.#due = state.due;
    this.#starts = [...state.starts];
    this.#step = state.step;
    this.#rank();
  }

  /** Computes the tables for the last ranks. */
  #rank(): void {
    if (this.#learnt === 0) return;
    this.#levels.fill(0);
    for (const [i, start] of this.#starts.entries()) this.#levels.fill(i + 1, start);
    const odds = tableOf(this.#bets, this.#step);
    if (odds !== this.#odds) this.#share = Number.NaN;
    this.#odds = odds;
  }

  #tabulate(odds: Float64Array, share: number): void {
    this.#share = share;
    const rest = 1 - share;
    for (let i = 0; i < odds.length; i++) {
      const ratio = odds[i] as number;
      const all = share * ratio + rest;
      this.#onCandidate[i] = ratio / all;
      this.#onBaseline[i] = 1 / all;
    }
  }

  /** Returns the part of the wealth to stake, before the revision of the request is known. */
  #stake(odds: Float64Array, row: number, share: number, enough: number): number {
    let candidate = 0;
    let baseline = 0;
    for (let i = 0; i < this.wealth.length; i++) {
      const ratio = odds[row + i] as number;
      const all = share * ratio + 1 - share;
      candidate += (this.wealth[i] as number) * (ratio / all - 1);
      baseline += (this.wealth[i] as number) * (1 / all - 1);
    }
    const gain = Math.max(candidate, baseline);
    return this.value + gain <= enough ? 1 : Math.max(0, (enough - this.value) / gain);
  }
}

/** Returns the odds of each bet at each level, for a pool in which the candidate has `step` of `STEPS` parts. */
function tableOf(bets: readonly ShiftBet[], step: number): Float64Array {
  const tables = tablesOf.get(bets) ?? new Map<number, Float64Array>();
  tablesOf.set(bets, tables);
  const known = tables.get(step);
  if (known !== undefined) return known;
  const table = new Float64Array(LEVELS * bets.length);
  for (let level = 0; level < LEVELS; level++) {
    for (const [i, { shift }] of bets.entries()) {
      const place = placeOf(ndtr(middleOf(level)), shift, step / STEPS);
      table[level * bets.length + i] = Math.exp(shift * place - (shift * shift) / 2);
    }
  }
  tables.set(step, table);
  return table;
}

/** Returns the quantile `rank` of a mixture of two normal distributions, one of them shifted. */
function placeOf(rank: number, shift: number, part: number): number {
  let low = ndtri(rank);
  let high = low + shift;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if ((1 - part) * ndtr(middle) + part * ndtr(middle - shift) < rank) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
