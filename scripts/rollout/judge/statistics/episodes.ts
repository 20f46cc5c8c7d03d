/** The effect of a failure, or of a success after one, on the evidence. */
export type EpisodeStep = "none" | "opens" | "confirmed" | "linked" | "merged" | "counts";

export interface EpisodeState {
  open: boolean;
  /** Times in seconds: the first failure after a quiet period, the last counted failure, the last failure. */
  troubleFrom: number;
  counted: number;
  last: number;
  failures: number;
  successes: number;
  /**
   * Whether the first failure was confirmed as a single one, and whether the episode turned out to be a cluster
   * since.
   */
  confirmed: boolean;
  cluster: boolean;
}

/** Failures that last longer than this, in seconds, are not a short outage. */
export const LONGEST_MISHAP = 5;
/**
 * Failures at most this many seconds apart are linked, even if many requests succeed between them: with one of ten
 * pods out, nine answer. A whole second would detect 5 % of errors at 100 requests per second in 10.7 s instead of
 * 9.0 s.
 */
const SECONDS_BETWEEN = 0.75;
/**
 * Simultaneous failures, as reported by counters, have a random order: they are linked only over fewer successes than
 * this.
 */
const SUCCESSES_BETWEEN = 4;
/** The seconds without a failure that end trouble, and the seconds between counted failures of long trouble. */
const QUIET = 3;
const BETWEEN_COUNTED = 0.5;

/**
 * Groups the failures of one revision into episodes. Two failures are linked if they are at most `SECONDS_BETWEEN`
 * apart, or `LONGEST_MISHAP` if no request of the revision succeeded between them. Simultaneous failures are linked
 * if fewer than `SUCCESSES_BETWEEN` successes are between them. An episode with two failures in direct succession, or
 * with three failures, is a cluster. Trouble without a quiet period for longer than `LONGEST_MISHAP` seconds is no
 * longer treated as a passing mishap: each half second with a failure counts.
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
   * @returns "opens" for the first of an episode, "linked" for another one of it, "merged" for the one that makes it
   *   a cluster after its first failure was confirmed as a single one, "counts" for one after the longest mishap
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

  /** Observes a success. @returns "confirmed" if the failure before it was a single one, else "none" */
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
