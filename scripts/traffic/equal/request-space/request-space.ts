import { isAccepted, type Automaton } from "../automata/automaton.ts";
import { type Literal, literalClasses } from "../automata/literal-classes.ts";
import { partition, type StepBudget, type WordClass } from "../automata/partition.ts";
import { type Condition, type Dependent, keyOf, automatonOf, meetsAbsent } from "./condition.ts";
import { domainOf, favourites, frontOf, mayBeAbsent } from "./parts.ts";
import type { Known, Part } from "./value.ts";

/** Some of the requests: for each part that is named, the numbers of its classes; any value of the others. */
export type Cell = ReadonlyMap<Part, readonly number[]>;

/** Values of a part that no condition tells apart. */
interface PartClass {
  isAbsent: boolean;
  /** The keys of the conditions that hold. */
  holds: ReadonlySet<string>;
  /** One alone when there is no other. */
  words: readonly string[];
  front: string;
}

/** A condition holds for some requests of a cell only: for all of some of these cells, and for none of the others. */
export class Undecided {
  readonly cells: readonly Cell[];
  constructor(cells: readonly Cell[]) {
    this.cells = cells;
  }
}

/** What is asked about each part, by the key of the question. */
export type Questions = ReadonlyMap<Part, ReadonlyMap<string, readonly [Condition, Dependent]>>;

// How many values of a part are tried to show a difference.
const MOST_EXAMPLES = 8;

// With fewer literals, automata are as fast.
const MIN_LITERALS = 16;

/** The classes of a part, and for the key of each condition the numbers of those in which it holds, in order. */
interface Partition {
  classes: readonly PartClass[];
  /** The numbers of all of them. */
  all: readonly number[];
  holding: ReadonlyMap<string, readonly number[]>;
}

/** The requests that can be sent, partitioned by every condition on them. */
export class RequestSpace {
  readonly #questions: Questions;
  readonly #partitions = new Map<Part, Partition>();
  readonly #restrictions: ReadonlyMap<Part, Restriction>;
  readonly #budget: StepBudget | undefined;

  /** @param budget for partitioning; unlimited by default */
  constructor(questions: Questions, restrictions: ReadonlyMap<Part, Restriction>, budget?: StepBudget) {
    this.#questions = questions;
    this.#restrictions = restrictions;
    this.#budget = budget;
  }

  /** The cells, one for each class, that a part cuts a cell into; none when it has only one class there. */
  cut(cell: Cell, part: Part): Cell[] {
    const numbers = this.#numbers(cell, part);
    return numbers.length < 2 ? [] : numbers.map((number) => new Map([...cell, [part, [number]]]));
  }

  /**
   * Whether a condition holds in a cell.
   * @throws Undecided when it holds for some of its requests only
   */
  ask(cell: Cell, condition: Condition, value: Dependent): boolean {
    const { part } = value;
    const key = keyOf(condition, value);
    if (this.#questions.get(part)?.has(key) !== true)
      throw new Error(`internal error: no rule was read that asks about ${part} ${key}`);
    const { classes, holding: byKey } = this.#partition(part);
    const all = byKey.get(key) ?? [];
    const own = cell.get(part);
    const holding =
      own === undefined
        ? all
        : all.length < own.length
          ? all.filter((number) => isAmong(own, number))
          : own.filter((number) => classes[number]?.holds.has(key));
    if (holding.length === (own ?? classes).length) return true;
    if (holding.length === 0) return false;
    const others = without(this.#numbers(cell, part), holding);
    throw new Undecided([new Map([...cell, [part, holding]]), new Map([...cell, [part, others]])]);
  }

  /**
   * The common group of the classes of a part in a cell.
   * @param groupOf the group of a class, by its number and the keys of the conditions that hold in it
   * @throws Undecided when the cell has classes of several groups
   */
  groupIn<T>(cell: Cell, part: Part, groupOf: (number: number, holds: ReadonlySet<string>) => T): T {
    const { classes } = this.#partition(part);
    const numbers = this.#numbers(cell, part);
    const groups = Map.groupBy(numbers, (number) => groupOf(number, classes[number]?.holds ?? new Set()));
    const [first] = groups.keys();
    if (groups.size === 1 && first !== undefined) return first;
    throw new Undecided([...groups.values()].map((own) => new Map([...cell, [part, own]])));
  }

  /** What is known of the parts of the requests of a cell. */
  known(cell: Cell): (part: Part) => Known {
    return (part) => {
      if (!cell.has(part)) return { beginsWith: frontOf(part) };
      const found = this.#classesIn(cell, part);
      const [first, second] = found;
      if (first === undefined) return { beginsWith: "" };
      if (second === undefined) {
        if (first.isAbsent) return { is: undefined };
        if (first.words.length === 1) return { is: first.words[0] };
      }
      return { beginsWith: found.map(({ front }) => front).reduce(commonFront) };
    };
  }

  /** Examples of a part in a cell, the plainest first. */
  examples(cell: Cell, part: Part): (string | undefined)[] {
    if (cell.has(part)) {
      const found = this.#classesIn(cell, part).map(({ isAbsent, words }) =>
        isAbsent ? [undefined] : words,
      );
      // One of each class before a second one of any.
      return [...found.map(([first]) => first), ...found.flatMap(([, ...others]) => others)].slice(
        0,
        MOST_EXAMPLES,
      );
    }
    const [plain] = favourites(part);
    const any = this.#restrictions.get(part)?.example;
    return [
      mayBeAbsent(part) ? undefined : (any ?? plain),
      ...(any === undefined ? [`${frontOf(part)}x`] : []),
    ];
  }

  #numbers(cell: Cell, part: Part): readonly number[] {
    return cell.get(part) ?? this.#all(part);
  }

  #all(part: Part): readonly number[] {
    return this.#partition(part).all;
  }

  #classesIn(cell: Cell, part: Part): PartClass[] {
    const { classes } = this.#partition(part);
    return this.#numbers(cell, part).flatMap((number) => classes[number] ?? []);
  }

  #partition(part: Part): Partition {
    let found = this.#partitions.get(part);
    if (found === undefined) {
      const classes = this.#cut(part);
      const holding = new Map<string, number[]>();
      for (const [number, { holds }] of classes.entries()) {
        for (const key of holds) {
          const numbers = holding.get(key);
          if (numbers === undefined) holding.set(key, [number]);
          else numbers.push(number);
        }
      }
      found = { classes, all: [...classes.keys()], holding };
      this.#partitions.set(part, found);
    }
    return found;
  }

  #cut(part: Part): PartClass[] {
    const asked = [...(this.#questions.get(part) ?? [])];
    const present = this.#wordClasses(part, asked).map(({ accepted, words, front }): PartClass => {
      const holds = new Set([...accepted].flatMap((i) => asked[i]?.[0] ?? []));
      return { isAbsent: false, holds, words, front };
    });
    const plain = (words: readonly string[]): number =>
      favourites(part).includes(words[0] ?? "") ? 0 : (words[0]?.length ?? 0);
    present.sort((a, b) => plain(a.words) - plain(b.words));
    if (!mayBeAbsent(part)) return present;
    const holds = asked.flatMap(([key, [condition, value]]) => (meetsAbsent(condition, value) ? [key] : []));
    return [{ isAbsent: true, holds: new Set(holds), words: [], front: "" }, ...present];
  }

  /** The classes of the values of a part by the numbers of the conditions that hold, with favourites among the words. */
  #wordClasses(part: Part, asked: readonly (readonly [string, Question])[]): WordClass[] {
    const { only, butNot } = this.#restrictions.get(part) ?? { only: [], butNot: [] };
    const literals = asked.flatMap(([, question]) => literalOf(part, question) ?? []);
    if (
      literals.length >= MIN_LITERALS &&
      literals.length === asked.length &&
      only.length + butNot.length === 0
    )
      return withFavourites(part, literalClasses(domainOf(part), literals), (text) =>
        literals.flatMap((one, i) => (isMet(one, text) ? [i] : [])),
      );
    const automata = asked.map(([, [condition, value]]) => automatonOf(condition, value));
    const all = [...automata, ...butNot];
    const isMeant = (accepted: ReadonlySet<number>): boolean =>
      butNot.every((_, i) => !accepted.has(automata.length + i));
    const classes = partition([domainOf(part), ...only], all, this.#budget).filter(({ accepted }) =>
      isMeant(accepted),
    );
    return withFavourites(part, classes, (text) =>
      all.flatMap((one, i) => (isAccepted(one, text) ? [i] : [])),
    );
  }
}

type Question = readonly [Condition, Dependent];

/** What a question asks of a part as it was sent, if it is a literal. */
function literalOf(part: Part, [{ match, caseless }, value]: Question): Literal | undefined {
  if (match.kind !== "exact" && match.kind !== "prefix") return undefined;
  // The texts of other parts can be of limited length, of which there may be no further words.
  if (part !== "uri" && !part.startsWith("header ") && !part.startsWith("query ")) return undefined;
  const isAsSent = value.kind === "own" && value.dropped === 0 && value.front === "";
  return isAsSent && !caseless ? { kind: match.kind, text: match.value } : undefined;
}

function isMet({ kind, text }: Literal, value: string): boolean {
  return kind === "exact" ? value === text : value.startsWith(text);
}

/** Puts the favourites of a part in front of the words of their classes. */
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

/** The numbers of one list that another does not have, both in ascending order. */
function without(list: readonly number[], others: readonly number[]): number[] {
  const left: number[] = [];
  let next = 0;
  for (const number of list) {
    while ((others[next] ?? number) < number) next++;
    if (others[next] !== number) left.push(number);
  }
  return left;
}

/** Whether a number is in a list in ascending order. */
function isAmong(list: readonly number[], number: number): boolean {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[middle] as number) < number) from = middle + 1;
    else to = middle;
  }
  return list[from] === number;
}

function commonFront(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

/** Which values of a part are meant at all, where that is not all that it can be. */
export interface Restriction {
  /** All of these must accept a value. */
  only: readonly Automaton[];
  /** None of these may. */
  butNot: readonly Automaton[];
  example: string;
}
