import type { RequestMatch, Rule } from "../../table.ts";
import { type Dependent, keyOf } from "../request-space/condition.ts";
import { conditionsOf } from "../request-space/conditions-on-request.ts";
import type { Cell, RequestSpace } from "../request-space/request-space.ts";

// With fewer rules a linear search is as fast.
const MIN_RULES = 16;

/** A rule that may apply to some requests, with its matches that may hold; none if it has no condition. */
export interface Candidate {
  rule: Rule;
  matches: readonly RequestMatch[];
}

/** A match of one of the rules; undefined for a rule without conditions. */
interface Place {
  rule: Rule;
  match: RequestMatch | undefined;
  /** Whether the rule applies if its condition on the path holds. */
  isPathAlone: boolean;
}

/**
 * Returns the rules that may apply to the requests of a cell, in order. They are few even of many rules: those whose
 * conditions on the path hold, up to the first that has no other condition.
 * @param path the path at this point
 * @throws Undecided if they are not the same for all requests of the cell
 */
export function candidates(
  rules: readonly Rule[],
  { space, cell }: { space: RequestSpace; cell: Cell },
  path: Dependent,
): readonly Candidate[] {
  if (rules.length < MIN_RULES) return rules.map(whole);
  const index = indexOf(space, rules, path);
  return space.groupIn(cell, path.part, (number, holds) => index.group(number, holds));
}

/** A rule with all of its matches. */
export function whole(rule: Rule): Candidate {
  return { rule, matches: rule.matches };
}

const indexes = new WeakMap<RequestSpace, WeakMap<readonly Rule[], Map<string, RulesByPath>>>();

function indexOf(space: RequestSpace, rules: readonly Rule[], path: Dependent): RulesByPath {
  const ofSpace = indexes.get(space) ?? new WeakMap<readonly Rule[], Map<string, RulesByPath>>();
  indexes.set(space, ofSpace);
  const ofRules = ofSpace.get(rules) ?? new Map<string, RulesByPath>();
  ofSpace.set(rules, ofRules);
  const key = JSON.stringify(path);
  const index = ofRules.get(key) ?? new RulesByPath(rules, path);
  ofRules.set(key, index);
  return index;
}

/** An index of rules by the conditions of their matches on the path. */
class RulesByPath {
  readonly #places: Place[] = [];
  /** The numbers of the matches with each condition, by its key, in order. */
  readonly #byKey = new Map<string, number[]>();
  /** The numbers of the matches without a condition on the path. */
  readonly #anyPath: number[] = [];
  readonly #ofClass = new Map<number, readonly Candidate[]>();
  /** The distinct lists of candidates, by the numbers of their matches. */
  readonly #groups = new Map<string, readonly Candidate[]>();

  constructor(rules: readonly Rule[], path: Dependent) {
    for (const rule of rules) {
      if (rule.matches.length === 0) this.#add(undefined, { rule, match: undefined, isPathAlone: true });
      for (const match of rule.matches) {
        const conditions = conditionsOf(match);
        const ofPath = conditions.find(({ part }) => part === "uri");
        const isPathAlone = conditions.length === (ofPath === undefined ? 0 : 1);
        this.#add(ofPath && keyOf(ofPath.condition, path), { rule, match, isPathAlone });
      }
    }
  }

  #add(key: string | undefined, place: Place): void {
    const number = this.#places.push(place) - 1;
    if (key === undefined) this.#anyPath.push(number);
    else {
      const numbers = this.#byKey.get(key);
      if (numbers === undefined) this.#byKey.set(key, [number]);
      else numbers.push(number);
    }
  }

  /**
   * Returns the candidates for the paths of a class.
   * @param holds the keys of the conditions on the path that hold there
   */
  group(number: number, holds: ReadonlySet<string>): readonly Candidate[] {
    let found = this.#ofClass.get(number);
    if (found === undefined) {
      found = this.#find(holds);
      this.#ofClass.set(number, found);
    }
    return found;
  }

  #find(holds: ReadonlySet<string>): readonly Candidate[] {
    const own = [...holds].flatMap((key) => this.#byKey.get(key) ?? []).sort((a, b) => a - b);
    const isPathAlone = (number: number): boolean => this.#places[number]?.isPathAlone === true;
    const ends = [own, this.#anyPath].map((list) => list.find(isPathAlone) ?? this.#places.length);
    const end = Math.min(...ends);
    const ofPath = own.filter((number) => number <= end);
    const key = `${ofPath.join()}|${end}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      const others = this.#anyPath.filter((number) => number <= end);
      group = this.#candidatesAt([...ofPath, ...others].sort((a, b) => a - b));
      this.#groups.set(key, group);
    }
    return group;
  }

  #candidatesAt(numbers: readonly number[]): Candidate[] {
    const places = numbers.flatMap((number) => this.#places[number] ?? []);
    return [...Map.groupBy(places, ({ rule }) => rule)].map(([rule, own]) => ({
      rule,
      matches: own.flatMap(({ match }) => match ?? []),
    }));
  }
}
