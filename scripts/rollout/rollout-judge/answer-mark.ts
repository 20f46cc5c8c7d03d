import Type, { type Static } from "typebox";
import { counted, percent } from "../../format.ts";
import type { AnswerValue } from "../../traffic/answer-values.ts";
import { DEPOSIT_SECONDS } from "../judge/defaults.ts";
import { MixtureFields } from "../judge/snapshot.ts";
import { Mixture } from "../judge/statistics/mixture.ts";

/** The supposed probabilities that, of two answers that differ in a mark, the candidate's has it. */
const BETS = [0.65, 0.8, 0.97] as const;
/** Limits the gain of a mark within a second, because the answers of one mishap are one piece of evidence. */
const LIMITS = [{ seconds: 1, gain: Math.exp(2) }];
/** The part of a mark's wealth that is reserved for changes that begin later. */
const RESERVE = 0.1;

/** The state of a `Mark`. */
export const MarkState = Type.Object({
  /** For example `true` or `above 712`. */
  label: Type.String(),
  /** For numbers: the mark is a value beyond this bound. */
  bound: Type.Optional(Type.Object({ above: Type.Boolean(), of: Type.Number() })),
  test: MixtureFields,
  peak: Type.Number(),
  /** Seconds: when the next portion of the reserve is due. */
  nextDeposit: Type.Number(),
  /** The number of compared answers with the mark, and the pairs compared since the mark exists. */
  candidate: Type.Integer(),
  baseline: Type.Integer(),
  pairs: Type.Integer(),
});
export type MarkState = Static<typeof MarkState>;

/** A property of answers, and the bets that one revision has it more often. */
export class Mark extends Mixture {
  readonly #state: Omit<MarkState, "test">;
  /** The factors of each bet's wealth for a pair in which only the candidate has the mark, or only the baseline. */
  readonly #onCandidate: Float64Array;
  readonly #onBaseline: Float64Array;

  constructor(
    tolerated: number,
    { test, ...state }: Omit<MarkState, "test"> & Partial<Pick<MarkState, "test">>,
  ) {
    super(
      [...BETS, ...BETS].map(() => 1 / (2 * BETS.length)),
      RESERVE,
      LIMITS,
    );
    this.#state = { ...state };
    const even = tolerated / (1 + tolerated);
    const bets = BETS.map((bet) => Math.max(even, bet));
    const wins = bets.map((bet) => bet / even);
    const loses = bets.map((bet) => (1 - bet) / (1 - even));
    this.#onCandidate = Float64Array.from([...wins, ...loses]);
    this.#onBaseline = Float64Array.from([...loses, ...wins]);
    if (test !== undefined) this.restore(test);
  }

  get label(): string {
    return this.#state.label;
  }

  /** Whether it is a single value, and not a bound of numbers. */
  get isLabel(): boolean {
    return this.#state.bound === undefined;
  }

  fits(value: AnswerValue): boolean {
    const { bound, label } = this.#state;
    if (bound === undefined) return labelOf(value) === label;
    return typeof value === "number" && (bound.above ? value > bound.of : value < bound.of);
  }

  compare(candidate: boolean, baseline: boolean, t: number): void {
    const state = this.#state;
    state.pairs++;
    if (candidate) state.candidate++;
    if (baseline) state.baseline++;
    if (t >= state.nextDeposit) {
      state.nextDeposit = t + DEPOSIT_SECONDS;
      this.deposit();
    }
    if (candidate === baseline) return;
    this.enter(t);
    const factors = candidate ? this.#onCandidate : this.#onBaseline;
    this.multiplyEachWithin(factors, 0, factors.length, 1);
    this.sum();
    state.peak = Math.max(state.peak, this.value);
  }

  /** @param index the number of earlier marks */
  evidence(index: number): number {
    return Math.log(this.#state.peak) - Math.log((index + 1) * (index + 2));
  }

  get says(): string {
    const { label, candidate, baseline, pairs } = this.#state;
    return `finds ${label} in ${percent(candidate / pairs)} of the candidate's answers against ${percent(baseline / pairs)}, of ${counted(pairs, "pair")}`;
  }

  get state(): MarkState {
    return { ...this.#state, test: this.snapshot() };
  }
}

export function isMissing(value: AnswerValue): value is { missing: string } {
  return typeof value === "object" && value !== null;
}

/** Returns a value as a mark; undefined for numbers, which are marked by bounds. */
export function labelOf(value: AnswerValue): string | undefined {
  if (typeof value === "number") return undefined;
  return isMissing(value) ? `no value (${value.missing})` : JSON.stringify(value);
}
