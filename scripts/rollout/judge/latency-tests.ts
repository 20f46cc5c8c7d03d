import { type ClaimState, QuantileClaim } from "./quantile-claim.ts";
import { LIMITS, NO_SLOWER_MEDIAN, NO_SLOWER_P99, PARTS, RESERVE, SLOWER, SLOWER_P99 } from "./defaults.ts";
import { Histogram, type HistogramState } from "./statistics/histogram.ts";
import { RankTest, type RankState } from "./statistics/rank-test.ts";
import { Steadiness, type SteadinessState } from "./statistics/steadiness.ts";
import { type ShareState, ShareTest } from "./statistics/share-test.ts";

export interface LatencyState {
  recent: HistogramState;
  learnt: number;
  successes: [part: number, count: number];
  due: number;
  slower: RankState;
  slowerP99: ShareState;
  steadiness: SteadinessState;
  median: ClaimState;
  p99: ClaimState;
}

// The number of the baseline's latencies before its quantile is used, the number between two updates of it, and the
// number after which older ones count less.
const AT_LEAST = { median: 20, p99: 60 };
const MOST_BETWEEN = 1024;
const REMEMBERED = 16_384;
/** The number of successes over which the candidate's part of them is averaged. */
const RECENT = 300;

/**
 * Tests whether the candidate is slower than the baseline by more than a tolerated factor, on the whole and at p99.
 *
 * On the whole: by the ranks of its latencies among those of both revisions, with the baseline's multiplied by the
 * factor (`RankTest`). Each request adds much evidence, but little about a slow percent.
 *
 * At p99: the baseline's quantile x is estimated from earlier requests. If the candidate takes at most f times as
 * long, it exceeds f·x no more often than the baseline exceeds x, for any x and for any influence on both: a mark of
 * `ShareTest`, with its guarantees. A wrong x costs power, not validity. (Stochastic order tested by exceedances:
 * Lindon, Sanden, Shirikian, Rapid regression detection in software deployments through sequential testing, KDD
 * 2022.)
 *
 * The claims that it is not harmfully slower at the median and at p99 are the reverse test, with the harmful factor
 * instead of the tolerated one.
 */
export class LatencyTests {
  readonly slower = new RankTest(SLOWER, RESERVE.latency, LIMITS.latency);
  readonly slowerP99 = new ShareTest({
    bets: SLOWER_P99,
    limit: 1,
    reserve: RESERVE.latency,
    clustered: true,
    limits: LIMITS.latency,
    limited: true,
  });
  readonly #steadiness = new Steadiness();
  readonly #median: QuantileClaim;
  readonly #p99: QuantileClaim;
  readonly #tolerated: number;
  readonly #toleratesErrors: boolean;
  readonly #recent = new Histogram();
  #learnt = 0;
  /** The candidate's part of the latest successes, and their number. */
  #successes: [part: number, count: number] = [0, 0];
  #due = AT_LEAST.median;

  /**
   * @param toleratesErrors whether the candidate may fail more often: then fewer of the successes are its own than its
   *   share says, so their absence is no evidence at p99, and ranks are compared by its observed share of the successes
   */
  constructor(tolerated: number, harmful: number, toleratesErrors: boolean) {
    this.#tolerated = tolerated;
    this.#toleratesErrors = toleratesErrors;
    this.#median = new QuantileClaim(harmful, NO_SLOWER_MEDIAN);
    this.#p99 = new QuantileClaim(harmful, NO_SLOWER_P99);
  }

  /**
   * Compares a successful request while both revisions have a share. If the latency is known by two bounds, each test
   * uses the bound to its disadvantage, so that a bucket's width is never evidence of a difference.
   * @param missing the amount by which the weighted e-values of all tests fall short of the decision
   * @param ranked the share for comparing ranks; 0 while one revision has had no request lately
   */
  observe(
    candidate: boolean,
    fromMs: number,
    ms: number,
    share: number,
    missing: number,
    steady: boolean,
    t: number,
    ranked = steady ? share : 0,
  ): void {
    const { part } = this.#steadiness;
    if (this.#toleratesErrors) {
      if (ranked > 0) ranked = this.#shareOfSuccesses(ranked);
      this.#countSuccess(candidate);
    }
    // Ranks bet on every request: while one revision is missing, they would win by its absence alone.
    if (ranked > 0)
      this.slower.observe(
        this.#scaled(candidate, fromMs, ms),
        candidate,
        ranked,
        this.slower.value + missing / PARTS.latency,
        part,
        t,
      );
    const { high } = this.#p99;
    if (high !== Number.POSITIVE_INFINITY) {
      const beyond = candidate ? fromMs >= high * this.#tolerated : ms >= high;
      const enough = this.slowerP99.value + missing / PARTS.p99;
      const betsOnAll = steady && !this.#toleratesErrors;
      this.slowerP99.observe(beyond, candidate, share, enough, betsOnAll, t, part);
    }
    this.#median.observe(candidate, fromMs, ms, share, steady, t);
    this.#p99.observe(candidate, fromMs, ms, share, steady, t);
  }

  /** Learns from a successful request, after it was compared. */
  learn(candidate: boolean, fromMs: number, ms: number, t: number): void {
    this.#steadiness.observe(candidate, ms, t);
    this.slower.learn(this.#scaled(candidate, fromMs, ms), candidate);
    if (candidate) return;
    this.#recent.add(ms, 1);
    this.#learnt++;
    if (this.#learnt < this.#due) return;
    this.#due = this.#learnt + Math.min(MOST_BETWEEN, Math.ceil(this.#learnt / 4));
    if (this.#learnt >= AT_LEAST.median) this.#median.setThreshold(this.#recent.quantile(0.5));
    if (this.#learnt >= AT_LEAST.p99) this.#p99.setThreshold(this.#recent.quantile(0.99));
    if (this.#recent.total > REMEMBERED) this.#recent.fade();
  }

  /**
   * Returns the logarithms of the evidence that the candidate is not harmfully slower.
   * @param rate the share of its requests that may be harmfully slow at p99 without harm
   */
  logsNotWorse(rate: number): Record<"median" | "p99", number> {
    return { median: this.#median.log(0.5), p99: this.#p99.log(Math.max(0.01, rate)) };
  }

  deposit(): void {
    this.slower.deposit();
    this.slowerP99.deposit();
  }

  /**
   * The number of the candidate's requests that count as harmfully slow at p99, and of those the number that may not be:
   * their bucket begins below the harmful latency.
   */
  get slowAtP99(): { requests: number; unclear: number } {
    return this.#p99.beyond;
  }

  /** Restarts the claims: evidence at a lower share is not sufficient for a higher one. */
  nextStep(): void {
    this.#median.nextStep();
    this.#p99.nextStep();
  }

  snapshot(): LatencyState {
    return {
      recent: this.#recent.snapshot(),
      learnt: this.#learnt,
      successes: [...this.#successes],
      due: this.#due,
      slower: this.slower.snapshot(),
      slowerP99: this.slowerP99.snapshot(),
      steadiness: this.#steadiness.snapshot(),
      median: this.#median.snapshot(),
      p99: this.#p99.snapshot(),
    };
  }

  restore(state: LatencyState): void {
    this.#recent.restore(state.recent);
    this.#learnt = state.learnt;
    this.#successes = [...state.successes];
    this.#due = state.due;
    this.slower.restore(state.slower);
    this.slowerP99.restore(state.slowerP99);
    this.#steadiness.restore(state.steadiness);
    this.#median.restore(state.median);
    this.#p99.restore(state.p99);
  }

  /** Returns the candidate's part of the latest successes, in steps, at most its share of the requests. */
  #shareOfSuccesses(share: number): number {
    const [part, count] = this.#successes;
    if (count < RECENT / 6) return 0;
    return Math.min(share, Math.max(0.02, Math.round(part * 50) / 50));
  }

  #countSuccess(candidate: boolean): void {
    const [part, count] = this.#successes;
    const now = Math.min(RECENT, count + 1);
    this.#successes = [part + ((candidate ? 1 : 0) - part) / now, now];
  }

  /** Returns the latency for ranks: the baseline's is multiplied by the tolerated factor. */
  #scaled(candidate: boolean, fromMs: number, ms: number): number {
    return candidate ? fromMs : ms * this.#tolerated;
  }
}
