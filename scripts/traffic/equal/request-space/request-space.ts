import { isAccepted, type Automaton } from "../automata/automaton.ts";
import { partition, type StepBudget } from "../automata/partition.ts";
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

/** A condition holds for some requests of a cell only: for those of the first cell, and for none of the second. */
export class Undecided {
  readonly cells: readonly [Cell, Cell];
  constructor(cells: readonly [Cell, Cell]) {
    this.cells = cells;
  }
}

/** What is asked about each part, by the key of the question. */
export type Questions = ReadonlyMap<Part, ReadonlyMap<string, readonly [Condition, Dependent]>>;

// How many values of a part are tried to show a difference.
const MOST_EXAMPLES = 8;

/** The requests that can be sent, partitioned by every condition on them. */
export class RequestSpace {
  readonly #questions: Questions;
  readonly #classes = new Map<Part, readonly PartClass[]>();
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
    const classes = this.#partition(part);
    const numbers = this.#numbers(cell, part);
    const holding = numbers.filter((number) => classes[number]?.holds.has(key));
    if (holding.length === numbers.length) return true;
    if (holding.length === 0) return false;
    const others = numbers.filter((number) => !classes[number]?.holds.has(key));
    throw new Undecided([new Map([...cell, [part, holding]]), new Map([...cell, [part, others]])]);
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
    return [...this.#partition(part).keys()];
  }

  #classesIn(cell: Cell, part: Part): PartClass[] {
    const classes = this.#partition(part);
    return this.#numbers(cell, part).flatMap((number) => classes[number] ?? []);
  }

  #partition(part: Part): readonly PartClass[] {
    let classes = this.#classes.get(part);
    if (classes === undefined) {
      classes = this.#cut(part);
      this.#classes.set(part, classes);
    }
    return classes;
  }

  #cut(part: Part): PartClass[] {
    const asked = [...(this.#questions.get(part) ?? [])];
    const automata = asked.map(([, [condition, value]]) => automatonOf(condition, value));
    const { only, butNot } = this.#restrictions.get(part) ?? { only: [], butNot: [] };
    const all = [...automata, ...butNot];
    const isMeant = (accepted: ReadonlySet<number>): boolean =>
      butNot.every((_, i) => !accepted.has(automata.length + i));
    const classes = partition([domainOf(part), ...only], all, this.#budget).filter(({ accepted }) =>
      isMeant(accepted),
    );
    const present = classes.map(({ accepted, words, front }): PartClass => {
      const wanted = favourites(part).filter((text) =>
        all.every((m, i) => isAccepted(m, text) === accepted.has(i)),
      );
      const holds = new Set(asked.flatMap(([key], i) => (accepted.has(i) ? [key] : [])));
      return { isAbsent: false, holds, words: [...new Set([...wanted, ...words])], front };
    });
    const plain = (words: readonly string[]): number =>
      favourites(part).includes(words[0] ?? "") ? 0 : (words[0]?.length ?? 0);
    present.sort((a, b) => plain(a.words) - plain(b.words));
    if (!mayBeAbsent(part)) return present;
    const holds = asked.flatMap(([key, [condition, value]]) => (meetsAbsent(condition, value) ? [key] : []));
    return [{ isAbsent: true, holds: new Set(holds), words: [], front: "" }, ...present];
  }
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
