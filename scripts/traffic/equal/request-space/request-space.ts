import type { StepBudget } from "../automata/partition.ts";
import { type Condition, type Dependent, keyOf } from "./condition.ts";
import { classesOf, type PartClass, type Restriction } from "./part-classes.ts";
import { favourites, frontOf, mayBeAbsent } from "./parts.ts";
import type { Known, Part } from "./value.ts";

/** A set of requests: for each named part the numbers of its classes, and any value of the other parts. */
export type Cell = ReadonlyMap<Part, readonly number[]>;

/** A condition holds in a part of a cell only: in all of some of these cells, and in none of the others. */
export class Undecided {
  readonly cells: readonly Cell[];
  constructor(cells: readonly Cell[]) {
    this.cells = cells;
  }
}

/** The conditions on each part, by their keys. */
export type Questions = ReadonlyMap<Part, ReadonlyMap<string, readonly [Condition, Dependent]>>;

// The number of values of a part that are tried to show a difference.
const MOST_EXAMPLES = 8;

/** The classes of a part, and for each condition's key the numbers of the classes in which it holds, ascending. */
interface Partition {
  classes: readonly PartClass[];
  all: readonly number[];
  holding: ReadonlyMap<string, readonly number[]>;
}

/** The space of all requests, partitioned by the conditions on them. */
export class RequestSpace {
  readonly #questions: Questions;
  readonly #partitions = new Map<Part, Partition>();
  readonly #restrictions: ReadonlyMap<Part, Restriction>;
  readonly #budget: StepBudget | undefined;

  /** @param budget of partitioning; unlimited by default */
  constructor(questions: Questions, restrictions: ReadonlyMap<Part, Restriction>, budget?: StepBudget) {
    this.#questions = questions;
    this.#restrictions = restrictions;
    this.#budget = budget;
  }

  /** Splits a cell by the classes of a part; returns no cells if the part has one class there. */
  cut(cell: Cell, part: Part): Cell[] {
    const numbers = this.#numbers(cell, part);
    return numbers.length < 2 ? [] : numbers.map((number) => new Map([...cell, [part, [number]]]));
  }

  /**
   * Returns whether a condition holds in a cell.
   * @throws Undecided if it holds for some of the cell's requests only
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
   * Returns the common group of a part's classes in a cell.
   * @param groupOf maps a class to its group, by its number and the keys of the conditions that hold in it
   * @throws Undecided if the cell has classes of several groups
   */
  groupIn<T>(cell: Cell, part: Part, groupOf: (number: number, holds: ReadonlySet<string>) => T): T {
    const { classes } = this.#partition(part);
    const numbers = this.#numbers(cell, part);
    const groups = Map.groupBy(numbers, (number) => groupOf(number, classes[number]?.holds ?? new Set()));
    const [first] = groups.keys();
    if (groups.size === 1 && first !== undefined) return first;
    throw new Undecided([...groups.values()].map((own) => new Map([...cell, [part, own]])));
  }

  /** Returns the knowledge about the parts of the requests of a cell. */
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

  /** Returns example values of a part in a cell, the simplest first. */
  examples(cell: Cell, part: Part): (string | undefined)[] {
    if (cell.has(part)) {
      const found = this.#classesIn(cell, part).map(({ isAbsent, words }) =>
        isAbsent ? [undefined] : words,
      );
      // One example of each class comes before the second of any class.
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
      const questions = [...(this.#questions.get(part) ?? [])];
      const classes = classesOf(part, questions, this.#restrictions.get(part), this.#budget);
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
}

/** Returns the numbers of a list that another does not contain, both ascending. */
function without(list: readonly number[], others: readonly number[]): number[] {
  const left: number[] = [];
  let next = 0;
  for (const number of list) {
    while ((others[next] ?? number) < number) next++;
    if (others[next] !== number) left.push(number);
  }
  return left;
}

/** Whether an ascending list contains a number. */
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
