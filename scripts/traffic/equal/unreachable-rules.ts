import type { Plan } from "../compile/compile.ts";
import type { RequestMatch, Rule, StringMatch } from "../table.ts";
import { firstRule, literalFront } from "../rule-index.ts";
import { asciiLower, regexProblem } from "../../route-fields/match/match.ts";
import { asksAuthority, namesOf } from "./entries.ts";
import { type HostKind, hostsAt, listenersOf, rulesAt } from "./request-space/hosts.ts";
import { authoritiesOf } from "./request-space/parts.ts";
import type { Condition, Dependent } from "./request-space/condition.ts";
import { keyOf } from "./request-space/condition.ts";
import { conditionsOf } from "./request-space/conditions-on-request.ts";
import type { Restriction } from "./request-space/part-classes.ts";
import { type Cell, RequestSpace, Undecided } from "./request-space/request-space.ts";
import { type Part, sent } from "./request-space/value.ts";
import { appliedIn } from "./symbolic/applied-match.ts";
import { Undecidable } from "./automata/automaton.ts";
import type { StepBudget } from "./automata/partition.ts";
import { sampleRequests } from "./request-space/sample-requests.ts";

// With more cells at one host, the remaining rules are undecided.
const MOST_CELLS = 20_000;

// A rule that needs more transitions of automata is undecided, and so are the remaining ones after a total of the
// second limit: expressions can split the values of a part into exponentially many classes.
const MOST_STEPS_OF_RULE = 300_000;
const MOST_STEPS = 3_000_000;

/** The reason why no request reaches a rule. */
export type Cause =
  /** No path meets its conditions, because each begins with `/`. */
  | "no-such-path"
  /** No request at all meets its conditions. */
  | "no-such-request"
  /** Earlier rules take every request that meets its conditions. */
  | "taken-before"
  /** The search for a request took too long, so that one may exist. */
  | "undecided";

export interface UnreachableRule {
  rule: Rule;
  cause: Cause;
}

/**
 * Returns the rules of a table that no request reaches, and those for which the search was given up (`undecided`). A
 * rule is reachable if a request made of its own conditions reaches it, which an index finds in constant time. For
 * the others the request space is searched, partitioned by the conditions of the rule and of the earlier rules that
 * its path and method do not exclude.
 */
export function unreachableRules(plan: Plan): UnreachableRule[] {
  let stepsLeft = MOST_STEPS;
  const missed = new Map<string, UnreachableRule>();
  const reached = new Set<string>();
  const needsAuthority = asksAuthority([plan]);
  const names = namesOf([plan]);
  for (const listener of listenersOf([plan.table])) {
    for (const host of hostsAt(plan.table, listener)) {
      const rules = rulesAt(plan.table, listener, host) ?? [];
      const unreached = unreachedAt(rules, host);
      for (const rule of rules) {
        const place = `${rule.at.file}:${rule.at.line}:${rule.at.column}`;
        const cause = unreached.get(rule);
        if (cause === undefined) reached.add(place);
        else missed.set(place, { rule, cause });
      }
    }
  }
  return [...missed].flatMap(([place, found]) => (reached.has(place) ? [] : [found]));

  /** Returns the unreachable rules of a host, including those for which no request was found within the limits. */
  function unreachedAt(rules: readonly Rule[], host: HostKind): Map<Rule, Cause> {
    const unreached = new Map<Rule, Cause>();
    // The matches of an invalid expression are unknown; the expression itself is reported.
    if (rules.some(({ matches }) => matches.some(hasInvalidRegex))) return unreached;
    let cellsLeft = MOST_CELLS;
    for (const [i, rule] of rules.entries()) {
      if (isReachedBySample(rules, rule, host)) continue;
      const budget = { left: Math.min(MOST_STEPS_OF_RULE, stepsLeft) };
      stepsLeft -= budget.left;
      try {
        const before = rules.slice(0, i).filter((earlier) => mayOverlap(earlier, rule));
        if (isReached(before, rule, budget)) continue;
        unreached.set(rule, isReached([], rule, budget) ? "taken-before" : impossibleCause(rule));
      } catch (error) {
        if (!(error instanceof Undecidable)) throw error;
        unreached.set(rule, "undecided");
      } finally {
        stepsLeft += Math.max(0, budget.left);
      }
    }
    return unreached;

    /** @throws Undecidable if the search takes too long */
    function isReached(before: readonly Rule[], rule: Rule, budget: StepBudget): boolean {
      const tried = [...before, rule];
      const space = spaceOf(
        tried.flatMap(({ matches }) => matches),
        host,
        budget,
      );
      // The rules before `next` apply to no request of the cell.
      const open: { cell: Cell; next: number }[] = [{ cell: new Map(), next: 0 }];
      for (let one = open.pop(); one !== undefined; one = open.pop()) {
        if (--cellsLeft < 0) throw new Undecidable("the rules cut the requests into too many kinds");
        let { next } = one;
        try {
          for (; next < tried.length; next++) if (applies(tried[next] as Rule, space, one.cell)) break;
          if (next === before.length) return true;
        } catch (error) {
          if (!(error instanceof Undecided)) throw error;
          for (const cell of error.cells) open.push({ cell, next });
        }
      }
      return false;
    }

    function impossibleCause({ matches }: Rule): Cause {
      const hasNoPath = matches.every((match) => {
        const ofPath = conditionsOf(match).filter(({ part }) => part === "uri");
        const space = spaceOf([match], host);
        return ofPath.some(({ part, condition }) => !mayHold(space, part, condition));
      });
      return hasNoPath ? "no-such-path" : "no-such-request";
    }
  }

  function isReachedBySample(rules: readonly Rule[], rule: Rule, host: HostKind): boolean {
    if (needsAuthority && host.kind !== "host") return false;
    const authority = host.kind === "host" ? host.host : "x";
    return sampleRequests(rule.matches, authority).some(
      (request) => firstRule(rules, request)?.rule === rule,
    );
  }

  /** Returns the requests to a host, partitioned by the conditions of some matches. */
  function spaceOf(matches: readonly RequestMatch[], host: HostKind, budget?: StepBudget): RequestSpace {
    const questions = new Map<Part, Map<string, readonly [Condition, Dependent]>>();
    for (const match of matches) {
      for (const { part, condition } of conditionsOf(match)) {
        const value = asSent(part);
        const asked = questions.get(part) ?? new Map<string, readonly [Condition, Dependent]>();
        questions.set(part, asked.set(keyOf(condition, value), [condition, value]));
      }
    }
    if (!questions.has("authority")) return new RequestSpace(questions, new Map(), budget);
    const { of, butNot } = authoritiesOf(host, names);
    const restriction: Restriction = { only: of === undefined ? [] : [of], butNot, example: "" };
    return new RequestSpace(questions, new Map([["authority", restriction]]), budget);
  }
}

function applies(rule: Rule, space: RequestSpace, cell: Cell): boolean {
  return appliedIn(rule, (part, condition) => space.ask(cell, condition, asSent(part))) !== undefined;
}

/** Whether some value of a part meets a condition. */
function mayHold(space: RequestSpace, part: Part, condition: Condition): boolean {
  try {
    return space.ask(new Map(), condition, asSent(part));
  } catch (error) {
    if (error instanceof Undecided) return true;
    throw error;
  }
}

function asSent(part: Part): Dependent {
  const value = sent(part);
  if (value.kind !== "own") throw new Error("what is sent is the request's own");
  return value;
}

function hasInvalidRegex(match: RequestMatch): boolean {
  return conditionsOf(match).some(
    ({ condition: { match: wanted } }) => wanted.kind === "regex" && regexProblem(wanted.value) !== undefined,
  );
}

/** Whether a request can match both rules, judged by literal paths and methods. */
function mayOverlap(a: Rule, b: Rule): boolean {
  if (a.matches.length === 0 || b.matches.length === 0) return true;
  return a.matches.some((one) =>
    b.matches.some((other) => mayBothHold(one.uri, other.uri) && mayBothHold(one.method, other.method)),
  );
}

function mayBothHold(a: StringMatch | undefined, b: StringMatch | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  if (a.kind === "regex") return mayBothHold({ kind: "prefix", value: literalFront(a.value) }, b);
  if (b.kind === "regex") return mayBothHold(a, { kind: "prefix", value: literalFront(b.value) });
  // Paths may be compared case-insensitively.
  const [valueA, valueB] = [asciiLower(a.value), asciiLower(b.value)];
  if (a.kind === "exact" && b.kind === "exact") return valueA === valueB;
  if (a.kind === "exact") return valueA.startsWith(valueB);
  if (b.kind === "exact") return valueB.startsWith(valueA);
  return valueA.startsWith(valueB) || valueB.startsWith(valueA);
}
