import { FAMILIES } from "../../../route-fields/families.ts";
import type { Rule } from "../../table.ts";
import { Undecidable } from "../automata/automaton.ts";

/**
 * The properties of a compiled rule that the comparison takes into account, as listed by their families. With another
 * property nothing is decided, since it may cause a difference that is not modelled.
 */
const COMPARED = new Map<string, readonly string[]>([["rule", ["at", "matches", "action"]]]);
for (const { compared } of FAMILIES) {
  for (const [part, properties] of Object.entries(compared))
    COMPARED.set(part, [...(COMPARED.get(part) ?? []), ...properties]);
}

const checked = new WeakSet<Rule>();

/** @throws Undecidable if a rule has a property that is not taken into account */
export function checkKnown(rule: Rule): void {
  if (checked.has(rule)) return;
  check("rule", rule);
  for (const match of rule.matches) check("match", match);
  const { action } = rule;
  check(action.kind, action);
  if (action.kind === "forward") {
    check("retry", action.retry);
    if (action.fault !== undefined) check("fault", action.fault);
    for (const destination of action.destinations) check("destination", destination);
    for (const mirror of action.mirrors) check("mirror", mirror);
  }
  checked.add(rule);

  function check(what: string, of: object): void {
    for (const [field, value] of Object.entries(of)) {
      const saysNothing =
        value === undefined || value === false || (Array.isArray(value) && value.length === 0);
      if (COMPARED.get(what)?.includes(field) === true || saysNothing) continue;
      throw new Undecidable(`${field} of a ${what} at ${rule.at.file}:${rule.at.line} is not compared yet`);
    }
  }
}
