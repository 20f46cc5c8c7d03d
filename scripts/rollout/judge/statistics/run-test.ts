import { Mixture, type MixtureState } from "./mixture.ts";

export interface RunState extends MixtureState {
  /** When the latest requests ended, in seconds, and their revision: 1 is the candidate, 0 the baseline. */
  recent: [endedAt: number, revision: number][];
}

/** The supposed probabilities that a request follows an earlier one, beyond chance. */
const FOLLOWS = [0.25, 0.8] as const;

/** The number of remembered ended requests, a power of two. With more requests in flight the test learns nothing. */
const RECENT = 64;
const LAST = RECENT - 1;
const STRIDE = 8;

/**
 * An anytime-valid test of whether the split assigns requests in runs, as with sticky sessions, instead of one by
 * one. A bet supposes that a request goes to the revision of the last request that had ended when it was sent with
 * probability f, and otherwise by its share w: it multiplies its wealth by the ratio of the two probabilities, which
 * is 1 on average if the assignment is independent. The order of the ends alone would not suffice: of requests that
 * are sent together, those to the faster revision end one after the other.
 */
export class RunTest extends Mixture {
  /** A ring buffer; the entry before `#next` is the latest. */
  readonly #ends = new Float64Array(RECENT).fill(Number.NaN);
  readonly #revisions = new Uint8Array(RECENT);
  #next = 0;
  #remembered = 0;

  constructor(reserve: number) {
    super(
      FOLLOWS.map(() => 1 / FOLLOWS.length),
      reserve,
    );
  }

  /** Observes a request that was sent and has ended at these times, in seconds. Ends do not decrease. */
  observe(candidate: boolean, share: number, sentAt: number, endedAt: number): void {
    const here = candidate ? 1 : 0;
    const before = this.#endedBefore(sentAt);
    if (before !== undefined) {
      const expected = candidate ? share : 1 - share;
      for (let i = 0; i < FOLLOWS.length; i++) {
        const follows = FOLLOWS[i] as number;
        this.multiply(i, 1 - follows + (here === before ? follows / expected : 0));
      }
      this.sum();
    }
    this.#remember(endedAt, here);
  }

  #endedBefore(sentAt: number): number | undefined {
    const ends = this.#ends;
    // Ends do not decrease, so most of those that are too late are skipped in strides.
    let back = 1;
    while (
      back + STRIDE <= this.#remembered &&
      (ends[(this.#next - back - STRIDE) & LAST] as number) >= sentAt
    )
      back += STRIDE;
    for (; back <= this.#remembered; back++) {
      const at = (this.#next - back) & LAST;
      const end = ends[at] as number;
      if (end < sentAt) return this.#revisions[at];
    }
    return undefined;
  }

  #remember(endedAt: number, revision: number): void {
    this.#ends[this.#next] = endedAt;
    this.#revisions[this.#next] = revision;
    this.#next = (this.#next + 1) & LAST;
    if (this.#remembered < RECENT) this.#remembered++;
  }

  override snapshot(): RunState {
    const recent = Array.from({ length: RECENT }, (_, i): [number, number] => {
      const at = (this.#next + i) % RECENT;
      return [this.#ends[at] as number, this.#revisions[at] as number];
    });
    return { ...super.snapshot(), recent: recent.filter(([end]) => !Number.isNaN(end)) };
  }

  override restore(state: RunState): void {
    super.restore(state);
    this.#ends.fill(Number.NaN);
    this.#next = 0;
    this.#remembered = 0;
    for (const [end, revision] of state.recent) this.#remember(end, revision);
  }
}
