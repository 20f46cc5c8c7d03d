import { isAccepted, type Automaton } from "../automata/automaton.ts";
import { type Literal, literalClasses } from "../automata/literal-classes.ts";
import { partition, type StepBudget, type WordClass } from "../automata/partition.ts";
import { automatonOf, type Condition, type Dependent, meetsAbsent } from "./condition.ts";
import { domainOf, favourites, mayBeAbsent } from "./parts.ts";
import type { Part } from "./value.ts";

/** The values of a part for which the same conditions hold. */
export interface PartClass {
  isAbsent: boolean;
  /** The keys of the conditions that hold. */
  holds: ReadonlySet<string>;
  /** Examples; a single one if the class has one value only. */
  words: readonly string[];
  /** The common prefix of all values. */
  front: string;
}

/** Limits the values of a part that are considered. */
export interface Restriction {
  /** Each of these accepts a considered value. */
  only: readonly Automaton[];
  /** None of these accepts a considered value. */
  butNot: readonly Automaton[];
  example: string;
}

/** A condition on a value, with the key that names it. */
export type Question = readonly [key: string, question: readonly [Condition, Dependent]];

// With fewer literals, automata are as fast.
const MIN_LITERALS = 16;

/**
 * Partitions the values of a part by the conditions that hold, the most readable class first.
 * @throws Undecidable when the conditions need too many states, or the budget is used up
 */
export function classesOf(
  part: Part,
  questions: readonly Question[],
  restriction: Restriction = { only: [], butNot: [], example: "" },
  budget?: StepBudget,
): PartClass[] {
  const present = wordClasses(part, questions, restriction, budget).map(
    ({ accepted, words, front }): PartClass => {
      const holds = new Set([...accepted].flatMap((i) => questions[i]?.[0] ?? []));
      return { isAbsent: false, holds, words, front };
    },
  );
  const rank = (words: readonly string[]): number =>
    favourites(part).includes(words[0] ?? "") ? 0 : (words[0]?.length ?? 0);
  present.sort((a, b) => rank(a.words) - rank(b.words));
  if (!mayBeAbsent(part)) return present;
  const holds = questions.flatMap(([key, [condition, value]]) =>
    meetsAbsent(condition, value) ? [key] : [],
  );
  return [{ isAbsent: true, holds: new Set(holds), words: [], front: "" }, ...present];
}

function wordClasses(
  part: Part,
  questions: readonly Question[],
  { only, butNot }: Restriction,
  budget: StepBudget | undefined,
): WordClass[] {
  const literals = questions.flatMap((question) => literalOf(part, question) ?? []);
  const areLiterals = literals.length >= MIN_LITERALS && literals.length === questions.length;
  if (areLiterals && only.length + butNot.length === 0)
    return withFavourites(part, literalClasses(domainOf(part), literals), (text) =>
      literals.flatMap((one, i) => (isMet(one, text) ? [i] : [])),
    );
  const automata = questions.map(([, [condition, value]]) => automatonOf(condition, value));
  const all = [...automata, ...butNot];
  const classes = partition([domainOf(part), ...only], all, budget).filter(({ accepted }) =>
    butNot.every((_, i) => !accepted.has(automata.length + i)),
  );
  return withFavourites(part, classes, (text) => all.flatMap((one, i) => (isAccepted(one, text) ? [i] : [])));
}

/** The condition as a literal, if it compares the part as it was sent with a literal. */
function literalOf(part: Part, [, [{ match, caseless }, value]]: Question): Literal | undefined {
  if (match.kind !== "exact" && match.kind !== "prefix") return undefined;
  // Other parts can be limited in length, so that a class may have no further values.
  if (part !== "uri" && !part.startsWith("header ") && !part.startsWith("query ")) return undefined;
  const isAsSent = value.kind === "own" && value.dropped === 0 && value.front === "";
  return isAsSent && !caseless ? { kind: match.kind, text: match.value } : undefined;
}

function isMet({ kind, text }: Literal, value: string): boolean {
  return kind === "exact" ? value === text : value.startsWith(text);
}

/** Puts the favourite values of a part first among the words of their classes. */
function withFavourites(
  part: Part,
  classes: readonly WordClass[],
  acceptedOf: (text: string) => readonly number[],
): WordClass[] {
  const wanted = favourites(part).map((text) => [text, acceptedOf(text)] as const);
  return classes.map((one) => {
    const own = wanted.filter(
      ([, accepted]) => accepted.length === one.accepted.size && accepted.every((i) => one.accepted.has(i)),
    );
    return { ...one, words: [...new Set([...own.map(([text]) => text), ...one.words])] };
  });
}
