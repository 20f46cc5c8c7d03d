/** The effect of a failure, or of a success after one, on the evidence. */
export type EpisodeStep = "none" | "opens" | "confirmed" | "linked" | "merged" | "counts";

export interface EpisodeState {
  open: boolean;
  /** Seconds: the first failure after some quiet, the last failure that was counted, the last failure. */
  troubleFrom: number;
  counted: number;
  last: number;
  failures: number;
  successes: number;
  /** Whether the first failure was confirmed as a single one, and whether the episode turned out to be a cluster since. */
  confirmed: boolean;
  cluster: boolean;
}

/** Seconds: failures that last for longer are not a short outage. */
export const LONGEST_MISHAP = 5;
/**
 * Failures no further apart than so many seconds are linked, however many requests succeed between them: of ten pods
 * nine answer while one is out. A whole second would find 5 % of errors at 100 requests a second in 10.7 s instead of 9.0 s.
 */
const SECONDS_BETWEEN = 0.75;
/** Failures at the same time, as counters tell them, have no order but one of chance: they are linked over fewer successes. */
const SUCCESSES_BETWEEN = 4;
/** Seconds without a failure after which trouble is over, and seconds between failures of long trouble that count. */
const QUIET = 3;
const BETWEEN_COUNTED = 0.5;

/**
 * Groups the failures of one revision into episodes. Two failures belong together when they are at most
 * `SECONDS_BETWEEN` apart, or `LONGEST_MISHAP` where no request of the revision succeeded between them. Of failures at
 * the same time, those do that have fewer than `SUCCESSES_BETWEEN` successes between them. An episode with
 * two failures in direct succession, or with three failures, is a cluster. Where there was no quiet for longer than
 * `LONGEST_MISHAP` seconds the trouble is not taken for a passing mishap any more: each half second with a failure counts.
 */
export class Episodes {
  #state: EpisodeState = {
    open: false,
    troubleFrom: 0,
    counted: 0,
    last: -1e15,
    failures: 0,
    successes: 0,
    confirmed: false,
    cluster: false,
  };

  /**
   * Observes a failure at `t` seconds.
   * @returns "opens" for the first of an episode, "linked" for one that belongs to it, "merged" for the one that makes
   *   it a cluster after its first failure was confirmed as a single one, "counts" for one after the longest mishap
   */
  fail(t: number): EpisodeStep {
    const state = this.#state;
    if (t - state.last > QUIET) state.troubleFrom = t;
    const direct = state.successes === 0;
    const near = t === state.last ? state.successes < SUCCESSES_BETWEEN : t - state.last <= SECONDS_BETWEEN;
    if (!state.open || !(near || (direct && t - state.last <= LONGEST_MISHAP))) {
      this.#state = {
        open: true,
        troubleFrom: state.troubleFrom,
        counted: t,
        last: t,
        failures: 1,
        successes: 0,
        confirmed: false,
        cluster: false,
      };
      return "opens";
    }
    state.last = t;
    state.failures++;
    state.successes = 0;
    if (t - state.troubleFrom > LONGEST_MISHAP && t - state.counted >= BETWEEN_COUNTED) {
      state.counted = t;
      return "counts";
    }
    if (state.cluster || !(direct || state.failures >= 3)) return "linked";
    state.cluster = true;
    return state.confirmed ? "merged" : "linked";
  }

  /** Observes a success. @returns "confirmed" where the failure before it was a single one, else "none" */
  succeed(): EpisodeStep {
    const state = this.#state;
    if (!state.open) return "none";
    state.successes++;
    if (state.successes > 1 || state.failures > 1 || state.confirmed) return "none";
    state.confirmed = true;
    return "confirmed";
  }

  snapshot(): EpisodeState {
    return { ...this.#state };
  }

  restore(state: EpisodeState): void {
    this.#state = { ...state };
  }
}
