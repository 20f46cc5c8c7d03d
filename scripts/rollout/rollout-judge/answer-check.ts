import Type, { type Static } from "typebox";
import { counted, digits } from "../../format.ts";
import { AnswerValue } from "../../traffic/answer-values.ts";
import { DEPOSIT_SECONDS } from "../judge/defaults.ts";
import { isMissing, labelOf, Mark, MarkState } from "./answer-mark.ts";

/** The number of answers of each revision that wait for one of the other; beyond, the oldest is dropped. */
const MOST_WAITING = 8;
/**
 * The number of the baseline's values that determine the thresholds, and the fractions of them below each threshold.
 */
const LEARNT_FROM = 40;
const QUANTILES = [0.5, 0.1, 0.9, 0.25, 0.75] as const;
/** The number of values with separate marks. */
const MOST_LABELS = 20;
const OTHERS = "another value";

const Side = Type.Object({
  waiting: Type.Array(AnswerValue),
  answers: Type.Integer(),
  missing: Type.Integer(),
  /** Why the last answer without a value has none. */
  why: Type.String(),
});

export const AnswerCheckState = Type.Object({
  marks: Type.Array(MarkState),
  /** The baseline's first numbers, until they have determined the thresholds. */
  numbers: Type.Union([Type.Array(Type.Number()), Type.Null()]),
  pairs: Type.Integer(),
  candidate: Side,
  baseline: Side,
});
export type AnswerCheckState = Static<typeof AnswerCheckState>;

type SideName = "candidate" | "baseline";

/**
 * Compares a field of answers between two revisions: the frequency of each value, and for numbers how often they are
 * beyond quantiles of the baseline's first ones.
 *
 * Answers are compared in pairs, each answer of the candidate with one of the baseline at about the same time. If
 * both have a mark with probabilities p and q, then of the pairs that differ in it the candidate has it in a fraction
 * p(1-q) of p(1-q) + q(1-p), whose odds are the ratio of the odds of p and q (McNemar, Psychometrika 1947), for any
 * shares of the traffic, and for any change with time that affects both. While that ratio lies between 1/f and f for
 * the tolerated f, each bet that one side has the mark in a fraction of more than f/(1+f) is a supermartingale, and
 * so is the average of the bets of both sides. The k-th mark gets 1/(k(k+1)) of the level, so that by Ville's
 * inequality (1939) and the union bound any mark is found to differ with at most the probability of the level, for
 * any duration.
 *
 * The bound holds for answers that are independent given the time. Those of one applicant count once, and the gain
 * within one second is limited.
 */
export class AnswerCheck {
  readonly #tolerated: number;
  readonly #marks: Mark[];
  readonly #state: Omit<AnswerCheckState, "marks">;

  /** @param tolerated the tolerated ratio of odds, 1 or more */
  constructor(tolerated: number, { marks, ...state }: AnswerCheckState = newState()) {
    this.#tolerated = tolerated;
    this.#marks = marks.map((mark) => new Mark(tolerated, mark));
    this.#state = structuredClone(state);
  }

  /** Observes the value of an answer at `t` seconds. */
  observe(side: SideName, value: AnswerValue, t: number): void {
    const own = this.#state[side];
    own.answers++;
    if (isMissing(value)) {
      own.missing++;
      own.why = value.missing;
    }
    if (side === "baseline" && typeof value === "number") this.#learn(value, t);
    const other = this.#state[side === "candidate" ? "baseline" : "candidate"].waiting.shift();
    if (other === undefined) {
      own.waiting.push(value);
      if (own.waiting.length > MOST_WAITING) own.waiting.shift();
    } else if (side === "candidate") this.#compare(value, other, t);
    else this.#compare(other, value, t);
  }

  /** Whether no answer had a value yet. */
  get isEmpty(): boolean {
    const { candidate, baseline } = this.#state;
    return candidate.answers + baseline.answers === candidate.missing + baseline.missing;
  }

  /** The evidence of the mark that differs most, as a natural logarithm with the threshold ln(1/level). */
  get evidence(): number {
    return Math.max(0, ...this.#marks.map((mark, i) => mark.evidence(i)));
  }

  /** Describes the observations of the mark that differs most. */
  get says(): string {
    const { candidate, baseline, pairs } = this.#state;
    if (this.isEmpty) {
      const why = baseline.why || candidate.why;
      return `has found no value yet${why === "" ? "" : `: ${why} in ${counted(candidate.missing + baseline.missing, "answer")}`}`;
    }
    const [first] = this.#marks
      .map((mark, i) => ({ mark, evidence: mark.evidence(i) }))
      .sort((a, b) => b.evidence - a.evidence);
    return first === undefined ? `has compared ${counted(pairs, "pair")} of answers` : first.mark.says;
  }

  snapshot(): AnswerCheckState {
    return { ...structuredClone(this.#state), marks: this.#marks.map((mark) => mark.state) };
  }

  /** Computes the thresholds from the first numbers, which are not compared themselves. */
  #learn(value: number, t: number): void {
    const { numbers, baseline } = this.#state;
    if (numbers === null) return;
    numbers.push(value);
    if (numbers.length < LEARNT_FROM) return;
    const sorted = numbers.toSorted((a, b) => a - b);
    const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
    for (const of of new Set(QUANTILES.map(at))) this.#add(`above ${digits(of)}`, t, { above: true, of });
    this.#add(`below ${digits(at(0.1))}`, t, { above: false, of: at(0.1) });
    this.#state.numbers = null;
    baseline.waiting = [];
  }

  #compare(candidate: AnswerValue, baseline: AnswerValue, t: number): void {
    this.#state.pairs++;
    // Sorted, so that the order of marks does not depend on the revision.
    const labels = [...new Set([labelOf(candidate), labelOf(baseline)])].sort();
    for (const label of labels) if (label !== undefined) this.#addLabel(label, t);
    const has = (value: AnswerValue, mark: Mark): boolean => {
      if (mark.label !== OTHERS) return mark.fits(value);
      return typeof value !== "number" && !this.#marks.some((other) => other.fits(value));
    };
    for (const mark of this.#marks) mark.compare(has(candidate, mark), has(baseline, mark), t);
  }

  #addLabel(label: string, t: number): void {
    const labels = this.#marks.filter((mark) => mark.isLabel);
    if (labels.length >= MOST_LABELS || labels.some((mark) => mark.label === label)) return;
    this.#add(labels.length === MOST_LABELS - 1 ? OTHERS : label, t);
  }

  #add(label: string, t: number, bound?: MarkState["bound"]): void {
    this.#marks.push(
      new Mark(this.#tolerated, {
        ...{ label, peak: 1, nextDeposit: t + DEPOSIT_SECONDS, candidate: 0, baseline: 0, pairs: 0 },
        ...(bound === undefined ? {} : { bound }),
      }),
    );
  }
}

function newState(): AnswerCheckState {
  const side = () => ({ waiting: [], answers: 0, missing: 0, why: "" });
  return { marks: [], numbers: [], pairs: 0, candidate: side(), baseline: side() };
}
