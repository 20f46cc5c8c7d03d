import type { ValueMatch } from "../../table.ts";
import {
  followedBy,
  isAccepted,
  literal,
  type Automaton,
  replacingFront,
  textOf,
} from "../automata/automaton.ts";
import { regexAutomaton } from "../automata/regex.ts";
import type { Value } from "./value.ts";

/** A condition of a rule on one part of a request. */
export interface Condition {
  match: ValueMatch;
  /** Whether `A` to `Z` equal `a` to `z`. */
  caseless: boolean;
  /** Whether a part that is absent counts as an empty one. */
  absentIsEmpty: boolean;
  /** Equal for equal conditions. */
  key: string;
}

export function conditionOf(match: ValueMatch, { caseless = false, absentIsEmpty = false } = {}): Condition {
  const key = JSON.stringify([
    match.kind,
    match.kind === "present" ? "" : match.value,
    caseless,
    absentIsEmpty,
  ]);
  return { match, caseless, absentIsEmpty, key };
}

/** A value that depends on one part of the request in a form that conditions can be evaluated on. */
export type Dependent = Extract<Value, { kind: "own" | "followed" }>;

/** Returns the same key for the same condition on the same value. */
export function keyOf({ key }: Condition, value: Dependent): string {
  return value.kind === "own" ? `${key} ${value.dropped} ${value.front}` : `${key}, ${value.by}`;
}

/** Whether a fixed value meets a condition; null means absent. */
export function meets(condition: Condition, text: string | null): boolean {
  const there = text ?? (condition.absentIsEmpty && condition.match.kind !== "present" ? "" : null);
  return there !== null && isAccepted(automatonFor(condition), there);
}

/** Accepts a part as it was sent if the value derived from it meets the condition. */
export function automatonOf(condition: Condition, value: Dependent): Automaton {
  const automaton = automatonFor(condition);
  if (value.kind === "followed") return followedBy(automaton, `,${value.by}`);
  return replacingFront(automaton, value.dropped, value.front);
}

/** Whether the condition holds if the part was not sent. */
export function meetsAbsent(condition: Condition, value: Dependent): boolean {
  return meets(condition, value.kind === "followed" ? value.by : null);
}

const ANYTHING = textOf(() => true);
const expressions = new Map<string, Automaton>();

function automatonFor({ match, caseless }: Condition): Automaton {
  switch (match.kind) {
    case "present":
      return ANYTHING;
    case "exact":
    case "prefix":
      return literal(match.value, match.kind, caseless);
    case "regex": {
      let automaton = expressions.get(match.value);
      if (automaton === undefined) {
        automaton = regexAutomaton(match.value);
        expressions.set(match.value, automaton);
      }
      return automaton;
    }
  }
}
