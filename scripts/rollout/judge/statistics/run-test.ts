import { Mixture, type MixtureState } from "./mixture.ts";

export interface RunState extends MixtureState {
  last: number;
}

/** The supposed probabilities that a request follows the one before it, beyond chance. */
const FOLLOWS = [0.25, 0.8] as const;

/**
 * An anytime-valid test of whether the split assigns requests in runs, as with sticky sessions, instead of one by one. A bet
 * supposes that a request goes where the one before it went with probability f, and else by its share w: it multiplies its
 * wealth by the ratio of the two probabilities, which is 1 on average where the assignment is independent.
 */
export class RunTest extends Mixture {
  /** The revision of the last request: 1 for the candidate, 0 for the baseline, -1 before the first. */
  #last = -1;

  constructor(reserve: number) {
    super(
      FOLLOWS.map(() => 1 / FOLLOWS.length),
      reserve,
    );
  }

  observe(candidate: boolean, share: number): void {
    const here = candidate ? 1 : 0;
    if (this.#last !== -1) {
      const expected = candidate ? share : 1 - share;
      for (let i = 0; i < FOLLOWS.length; i++) {
        const follows = FOLLOWS[i] as number;
        this.multiply(i, 1 - follows + (here === this.#last ? follows / expected : 0));
      }
      this.sum();
    }
    this.#last = here;
  }

  override snapshot(): RunState {
    return { ...super.snapshot(), last: this.#last };
  }

  override restore(state: RunState): void {
    super.restore(state);
    this.#last = state.last;
  }
}
