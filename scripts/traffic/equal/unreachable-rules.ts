import type { Plan } from "../compile/compile.ts";
import type { Rule } from "../table.ts";
import { asksAuthority, namesOf } from "./entries.ts";
import { hostsAt, type HostKind, LISTENERS, rulesAt } from "./request-space/hosts.ts";
import { authoritiesOf } from "./request-space/parts.ts";
import { conditionsOnRequests } from "./request-space/conditions-on-request.ts";
import { type Cell, type Restriction, RequestSpace, Undecided } from "./request-space/request-space.ts";
import { type Part, sent } from "./request-space/value.ts";
import { appliedIn } from "./symbolic/applied-match.ts";
import { Undecidable } from "./automata/automaton.ts";

// With more cells than this, no rule is reported as unreachable.
const MOST_CELLS = 20_000;

/** The rules of a table that no request gets to, because the rules before them take all. */
export function unreachableRules(plan: Plan): Rule[] {
  const missed = new Map<string, Rule>();
  const reached = new Set<string>();
  const spaces = new Map<string, RequestSpace>();
  for (const listener of LISTENERS) {
    for (const host of hostsAt(plan.table, listener)) {
      const rules = rulesAt(plan.table, listener, host) ?? [];
      const found = rules.length < 2 ? new Set(rules) : reachedAt(rules, host);
      for (const rule of rules) {
        const place = `${rule.at.file}:${rule.at.line}:${rule.at.column}`;
        if (found === undefined || found.has(rule)) reached.add(place);
        else missed.set(place, rule);
      }
    }
  }
  return [...missed].flatMap(([place, rule]) => (reached.has(place) ? [] : [rule]));

  /** The rules of a host that some request gets to; undefined when that is not known. */
  function reachedAt(rules: readonly Rule[], host: HostKind): Set<Rule> | undefined {
    try {
      const space = spaceOf(host);
      const found = new Set<Rule>();
      const open: Cell[] = [new Map()];
      for (let cell = open.pop(), seen = 0; cell !== undefined; cell = open.pop()) {
        if (++seen > MOST_CELLS) return undefined;
        try {
          const rule = firstOf(rules, space, cell);
          if (rule !== undefined) found.add(rule);
        } catch (error) {
          if (!(error instanceof Undecided)) throw error;
          open.push(...error.cells);
        }
        if (found.size === rules.length) break;
      }
      return found;
    } catch (error) {
      if (error instanceof Undecidable) return undefined;
      throw error;
    }
  }

  function firstOf(rules: readonly Rule[], space: RequestSpace, cell: Cell): Rule | undefined {
    return rules.find((rule) => {
      const applied = appliedIn(rule, (part, condition) => {
        const value = sent(part);
        if (value.kind !== "own") throw new Error("what is sent is the request's own");
        return space.ask(cell, condition, value);
      });
      return applied !== undefined;
    });
  }

  function spaceOf(host: HostKind): RequestSpace {
    const isAsked = asksAuthority([plan]);
    const key = isAsked ? JSON.stringify(host) : "";
    let space = spaces.get(key);
    if (space === undefined) {
      const own = sent("authority");
      const { of, butNot } = authoritiesOf(host, namesOf([plan]));
      const restriction = { only: of === undefined ? [] : [of], butNot, example: "" };
      const restrictions = new Map<Part, Restriction>(isAsked ? [["authority", restriction]] : []);
      space = new RequestSpace(
        conditionsOnRequests([plan.table], own.kind === "own" ? [own] : []),
        restrictions,
      );
      spaces.set(key, space);
    }
    return space;
  }
}
