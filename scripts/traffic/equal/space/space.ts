import { isAccepted, type Machine } from "../words/machine.ts";
import { partition } from "../words/partition.ts";
import { type Condition, type Dependent, keyOf, machineOf, meetsAbsent } from "./condition.ts";
import { domainOf, favourites, frontOf, mayBeAbsent } from "./parts.ts";
import type { Known, Part } from "./value.ts";

/** Some of the requests: for each part that is named, the number of its class; any value of the others. */
export type Cell = ReadonlyMap<Part, number>;

/** Values of a part that no condition tells apart. */
interface PartClass {
  isAbsent: boolean;
  /** The keys of the conditions that hold. */
  holds: ReadonlySet<string>;
  /** One alone when there is no other. */
  words: readonly string[];
  front: string;
}

/** A condition cannot be decided in a cell before this part of the request is known better. */
export class Undecided {
  readonly part: Part;
  constructor(part: Part) {
    this.part = part;
  }
}

/** What is asked about each part, by the key of the question. */
export type Questions = ReadonlyMap<Part, ReadonlyMap<string, readonly [Condition, Dependent]>>;

/** The requests that can be sent, cut by every condition that is asked about them. */
export class Space {
  readonly #questions: Questions;
  readonly #classes = new Map<Part, readonly PartClass[]>();
  readonly #restrictions: ReadonlyMap<Part, Restriction>;

  constructor(questions: Questions, restrictions: ReadonlyMap<Part, Restriction>) {
    this.#questions = questions;
    this.#restrictions = restrictions;
  }

  /** The numbers of the classes of a part, those with the plainest examples first. */
  classesOf(part: Part): number[] {
    return [...this.#partition(part).keys()];
  }

  /**
   * Whether a condition holds in a cell.
   * @throws Undecided when it holds for some of its requests only
   */
  ask(cell: Cell, condition: Condition, value: Dependent): boolean {
    const { part } = value;
    const key = keyOf(condition, value);
    if (this.#questions.get(part)?.has(key) !== true)
      throw new Error(`nobody said that ${part} ${key} is asked`);
    const classes = this.#partition(part);
    const number = cell.get(part) ?? (classes.length === 1 ? 0 : undefined);
    if (number !== undefined) return classes[number]?.holds.has(key) === true;
    throw new Undecided(part);
  }

  /** What is known of the parts of the requests of a cell. */
  known(cell: Cell): (part: Part) => Known {
    return (part) => {
      const number = cell.get(part);
      const found = number === undefined ? undefined : this.#partition(part)[number];
      if (found === undefined) return { beginsWith: frontOf(part) };
      if (found.isAbsent) return { is: undefined };
      return found.words.length === 1 ? { is: found.words[0] } : { beginsWith: found.front };
    };
  }

  /** Examples of a part in a cell, the plainest first. */
  examples(cell: Cell, part: Part): (string | undefined)[] {
    const number = cell.get(part);
    const found = number === undefined ? undefined : this.#partition(part)[number];
    if (found !== undefined) return found.isAbsent ? [undefined] : [...found.words];
    const [plain] = favourites(part);
    const any = this.#restrictions.get(part)?.example;
    return [
      mayBeAbsent(part) ? undefined : (any ?? plain),
      ...(any === undefined ? [`${frontOf(part)}x`] : []),
    ];
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
    const machines = asked.map(([, [condition, value]]) => machineOf(condition, value));
    const { only, butNot } = this.#restrictions.get(part) ?? { only: [], butNot: [] };
    const all = [...machines, ...only, ...butNot];
    const isMeant = (accepted: ReadonlySet<number>): boolean =>
      only.every((_, i) => accepted.has(machines.length + i)) &&
      butNot.every((_, i) => !accepted.has(machines.length + only.length + i));
    const classes = partition(domainOf(part), all).filter(({ accepted }) => isMeant(accepted));
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

/** Which values of a part are meant at all, where that is not all that it can be. */
export interface Restriction {
  /** All of these must accept a value. */
  only: readonly Machine[];
  /** None of these may. */
  butNot: readonly Machine[];
  example: string;
}
