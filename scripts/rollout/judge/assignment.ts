import { MISDIRECTED, MISDIRECTED_FROM, RESERVE } from "./defaults.ts";
import { RunTest } from "./statistics/run-test.ts";
import { ShareTest } from "./statistics/share-test.ts";
import type { TestsState } from "./snapshot.ts";

/** The number of requests over which the observed share is averaged. */
const RECENT = 300;

/**
 * Tests whether requests are assigned to the revisions independently and by the shares, and observes the actual
 * share.
 */
export class Assignment {
  readonly #misdirected = new ShareTest({ bets: MISDIRECTED, limit: 1, reserve: RESERVE.misdirected });
  readonly #runs = new RunTest(RESERVE.misdirected);
  // The number of successive requests to one revision.
  #run = 0;
  #runOfCandidate = false;
  // The candidate's fraction of the latest requests, and their number.
  #seen = 0;
  #requests = 0;
  #believed = true;

  /** The e-value against the hypothesis that the shares are right. */
  get misdirected(): number {
    return this.#misdirected.value;
  }

  /** The e-value against the hypothesis that each request is assigned independently. */
  get runs(): number {
    return this.#runs.value;
  }

  /** Whether the split assigns requests in runs. */
  get inRuns(): boolean {
    return this.#runs.value >= MISDIRECTED_FROM;
  }

  /** The observed share in steps, within the range in which ranks can be compared. */
  get observedShare(): number {
    return Math.min(0.98, Math.max(0.02, Math.round(this.#seen * 50) / 50));
  }

  /**
   * Returns the length of the current run of requests, relative to the average run of its revision if the shares are
   * right.
   */
  runLength(share: number): number {
    return this.#run * (this.#runOfCandidate ? 1 - share : share);
  }

  /**
   * Returns the share for the tests: the planned one, or a higher observed one if the planned shares are refuted or
   * belong to units, some of which send more requests than others. Too high a share weakens the evidence against a
   * candidate; no claim is made for the candidate at such a time.
   */
  shareInForce(share: number, byUnit: boolean): number {
    if (this.#believed && !byUnit) return share;
    // In steps, so that the tables of the tests do not change with each request.
    return Math.max(share, Math.min(0.98, Math.ceil(this.#seen * 1.1 * 50) / 50));
  }

  /** Counts a request for the observed share. */
  count(candidate: boolean): void {
    if (this.#requests < RECENT) this.#requests++;
    this.#seen += ((candidate ? 1 : 0) - this.#seen) / this.#requests;
  }

  /** Tests the assignment of a request. @returns whether the shares became refuted, or are no longer */
  observe(candidate: boolean, share: number, t: number, ms: number): boolean {
    this.#misdirected.observe(true, candidate, share, Number.POSITIVE_INFINITY, true, t);
    this.#runs.observe(candidate, share, t - ms / 1000, t);
    this.#run = candidate === this.#runOfCandidate ? this.#run + 1 : 1;
    this.#runOfCandidate = candidate;
    const before = this.#believed;
    this.#believed = this.#misdirected.value < MISDIRECTED_FROM;
    return this.#believed !== before;
  }

  deposit(): void {
    this.#runs.deposit();
    this.#misdirected.deposit();
  }

  snapshot(): Pick<TestsState, "runs" | "misdirected" | "run" | "seen" | "believed"> {
    return {
      runs: this.#runs.snapshot(),
      misdirected: this.#misdirected.snapshot(),
      run: [this.#run, this.#runOfCandidate],
      seen: [this.#seen, this.#requests],
      believed: this.#believed,
    };
  }

  restore(state: TestsState): void {
    this.#runs.restore(state.runs);
    this.#misdirected.restore(state.misdirected);
    [this.#run, this.#runOfCandidate] = state.run;
    [this.#seen, this.#requests] = state.seen;
    this.#believed = state.believed;
  }
}
