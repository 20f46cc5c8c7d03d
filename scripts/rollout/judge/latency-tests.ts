import { NO_SLOWER_MEDIAN, NO_SLOWER_P99, RESERVE, SLOWER_MEDIAN, SLOWER_P99 } from "./defaults.ts";
import { logBelow } from "./statistics/bernoulli.ts";
import { Histogram, type HistogramState } from "./statistics/histogram.ts";
import { type Bet, ShareTest, type ShareTestState } from "./statistics/share-test.ts";

interface QuantileState {
  threshold: [low: number, high: number] | null;
  worse: ShareTestState;
  notWorse: ShareTestState;
  total: number;
  beyond: number;
}

export interface LatencyState {
  recent: HistogramState;
  learnt: number;
  due: number;
  median: QuantileState;
  p99: QuantileState;
}

// How many of the baseline's latencies are seen before its quantile means something, how often it is taken anew, and how
// many are remembered before they fade.
const AT_LEAST = { median: 20, p99: 60 };
const MOST_BETWEEN = 1024;
const REMEMBERED = 16_384;

/**
 * Whether the candidate is slower than the baseline by more than a tolerated factor, at the median and at p99.
 *
 * The baseline's quantile x is taken from what it has shown so far, so before the requests that it is used for. If the
 * candidate takes at most f times as long, it exceeds f·x no more often than the baseline exceeds x, whatever x is and
 * whatever happens to both at once: a mark of `ShareTest`, with all that it guarantees. A wrong x costs power, not
 * validity. (Stochastic order tested by exceedances: Lindon, Sanden, Shirikian, Rapid regression detection in software
 * deployments through sequential testing, KDD 2022; that paper's thresholds are all quantiles, these are two.)
 *
 * The claim that it is not harmfully slower is the reverse test with the harmful factor in place of the tolerated one.
 */
export class LatencyTests {
  readonly median: QuantileTest;
  readonly p99: QuantileTest;
  readonly #recent = new Histogram();
  #learnt = 0;
  #due = AT_LEAST.median;

  constructor(tolerated: number, harmful: number) {
    this.median = new QuantileTest(tolerated, harmful, SLOWER_MEDIAN, NO_SLOWER_MEDIAN);
    this.p99 = new QuantileTest(tolerated, harmful, SLOWER_P99, NO_SLOWER_P99);
  }

  /** Learns from the baseline, after it was compared. */
  learn(ms: number): void {
    this.#recent.add(ms, 1);
    this.#learnt++;
    if (this.#learnt < this.#due) return;
    this.#due = this.#learnt + Math.min(MOST_BETWEEN, Math.ceil(this.#learnt / 4));
    if (this.#learnt >= AT_LEAST.median) this.median.setThreshold(this.#recent.quantile(0.5));
    if (this.#learnt >= AT_LEAST.p99) this.p99.setThreshold(this.#recent.quantile(0.99));
    if (this.#recent.total > REMEMBERED) this.#recent.fade();
  }

  deposit(): void {
    this.median.worse.deposit();
    this.p99.worse.deposit();
  }

  /** Begins the claim anew: what was shown at a lower share is not enough for a higher one. */
  nextStep(): void {
    this.median.nextStep();
    this.p99.nextStep();
  }

  snapshot(): LatencyState {
    return {
      recent: this.#recent.snapshot(),
      learnt: this.#learnt,
      due: this.#due,
      median: this.median.snapshot(),
      p99: this.p99.snapshot(),
    };
  }

  restore(state: LatencyState): void {
    this.#recent.restore(state.recent);
    this.#learnt = state.learnt;
    this.#due = state.due;
    this.median.restore(state.median);
    this.p99.restore(state.p99);
  }
}

/** The two tests at one quantile. */
class QuantileTest {
  // Around the baseline's quantile, in milliseconds; infinite until enough was seen. Where many latencies are equal the two
  // matter: just above them, no more than a part of the baseline is marked, and just below, no less.
  #low = Number.POSITIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  readonly worse: ShareTest;
  readonly #tolerated: number;
  readonly #harmful: number;
  readonly #notWorseBets: readonly Bet[];
  #notWorse: ShareTest;
  #total = 0;
  #beyond = 0;

  constructor(tolerated: number, harmful: number, worse: readonly Bet[], notWorse: readonly Bet[]) {
    this.#tolerated = tolerated;
    this.#harmful = harmful;
    this.worse = new ShareTest({ bets: worse, limit: 1, reserve: RESERVE.latency });
    this.#notWorseBets = notWorse;
    this.#notWorse = new ShareTest({ bets: notWorse, limit: 1, reserve: 0 });
  }

  /** Takes the baseline's quantile anew, for the requests that come. */
  setThreshold({ low, high }: { low: number; high: number }): void {
    this.#low = low;
    this.#high = high;
  }

  /**
   * Compares requests that did not fail, while both revisions have a share. `enough` is the e-value that decides. Of a
   * latency that is known to lie between two bounds each test takes the one that is to its disadvantage: so a bucket's
   * width is never taken for a difference.
   */
  observe(
    candidate: boolean,
    fromMs: number,
    ms: number,
    share: number,
    enough: number,
    steady: boolean,
  ): void {
    if (this.#high === Number.POSITIVE_INFINITY) return;
    if (!candidate) {
      this.worse.observe(ms >= this.#high, false, share, enough, steady);
      this.#notWorse.observe(fromMs >= this.#low, false, share, Number.POSITIVE_INFINITY, steady);
      return;
    }
    const harmful = ms >= this.#low * this.#harmful;
    this.worse.observe(fromMs >= this.#high * this.#tolerated, true, share, enough, steady);
    this.#notWorse.observe(harmful, true, share, Number.POSITIVE_INFINITY, steady);
    this.#total++;
    if (harmful) this.#beyond++;
  }

  /**
   * The logarithm of the evidence that the candidate is not harmfully slower: either it exceeds the harmful threshold
   * less often than the baseline its quantile, or in less than a share `limit` of its requests. Each of the two claims
   * gets half of the level.
   */
  logNotWorse(limit: number): number {
    const compared = Math.log(this.#notWorse.value);
    return Math.max(compared, logBelow(this.#total, this.#beyond, limit)) - Math.LN2;
  }

  nextStep(): void {
    this.#notWorse = new ShareTest({ bets: this.#notWorseBets, limit: 1, reserve: 0 });
    this.#total = 0;
    this.#beyond = 0;
  }

  snapshot(): QuantileState {
    return {
      // JSON knows no infinity.
      threshold: this.#high === Number.POSITIVE_INFINITY ? null : [this.#low, this.#high],
      worse: this.worse.snapshot(),
      notWorse: this.#notWorse.snapshot(),
      total: this.#total,
      beyond: this.#beyond,
    };
  }

  restore(state: QuantileState): void {
    [this.#low, this.#high] = state.threshold ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    this.worse.restore(state.worse);
    this.#notWorse.restore(state.notWorse);
    this.#total = state.total;
    this.#beyond = state.beyond;
  }
}
