import { FEWER_ANSWERS, LEAST_FAILURES, RESERVE } from "./defaults.ts";
import type { UnansweredState } from "./snapshot.ts";
import { RateGuard } from "./statistics/rate-guard.ts";
import { ShareTest } from "./statistics/share-test.ts";

/**
 * The probability that the earlier rate is outside of its interval. A short observation before a rollout must
 * suffice: with a smaller probability the limit of the guard would exceed the increase by a slow tenth of all
 * requests.
 */
const MISSED = 0.05;

/**
 * Tests whether the candidate leaves requests unanswered. The revision of such a request is unknown: a caller that
 * gives up has no answer that names it. Two observations are needed:
 * - More callers give up than before the candidate had a share (`RateGuard`).
 * - Fewer answers come from the candidate than its share explains (`ShareTest`).
 *
 * If requests are split by the shares, and the candidate leaves no larger part of its requests unanswered than the
 * baseline, an answer is the candidate's with at least the probability of its share, and no bet on less can win on
 * average. The smaller of two e-processes is one for either hypothesis. So a candidate that is no worse is blamed
 * with probability alpha at most if requests are split by the shares, for any cause that makes callers give up on
 * both revisions; and likewise if they are not, unless callers begin to give up at the same time. The test begins
 * with the first unanswered request, and costs nothing without one.
 */
export class UnansweredTest {
  readonly #guard = new RateGuard(MISSED, LEAST_FAILURES.unanswered);
  readonly #fewer = new ShareTest({ bets: FEWER_ANSWERS, limit: 1, reserve: RESERVE.misdirected });
  #hasBegun = false;

  get value(): number {
    return this.#hasBegun ? Math.min(this.#guard.value, this.#fewer.value) : 1;
  }

  /** Observes a request while the candidate has no share. */
  before(unanswered: boolean): void {
    this.#guard.before(unanswered);
  }

  /**
   * Observes a request while both revisions have a share.
   * @param candidate whether the candidate answered it; undefined if the revision is unknown
   * @param t seconds
   */
  after(unanswered: boolean, candidate: boolean | undefined, share: number, t: number): void {
    if (!this.#hasBegun) {
      // The request that starts the test is not evidence in it.
      this.#hasBegun = unanswered;
      return;
    }
    this.#guard.after(unanswered, t);
    if (candidate !== undefined)
      this.#fewer.observe(true, candidate, share, Number.POSITIVE_INFINITY, true, t);
  }

  deposit(): void {
    this.#fewer.deposit();
  }

  snapshot(): UnansweredState {
    return { guard: this.#guard.snapshot(), fewer: this.#fewer.snapshot(), begun: this.#hasBegun };
  }

  restore(state: UnansweredState): void {
    this.#guard.restore(state.guard);
    this.#fewer.restore(state.fewer);
    this.#hasBegun = state.begun;
  }
}
