import type { RequestMatch, Rule } from "../../table.ts";
import type { Condition } from "../space/condition.ts";
import { conditionsOf } from "../space/questions.ts";
import { Undecided } from "../space/space.ts";
import type { Part } from "../space/value.ts";

/**
 * The condition by which a rule applies to all requests of a cell: `true` when it has none, undefined when it applies to
 * none of them.
 * @param ask whether all of them, or none, meet a condition
 * @throws Undecided when it applies to some of them only
 */
export function appliedIn(
  rule: Rule,
  ask: (part: Part, condition: Condition) => boolean,
): RequestMatch | true | undefined {
  if (rule.matches.length === 0) return true;
  for (const match of rule.matches) {
    let open: Undecided | undefined;
    let isMet = true;
    for (const { part, condition, isWanted } of conditionsOf(match)) {
      try {
        isMet &&= ask(part, condition) === isWanted;
      } catch (error) {
        if (!(error instanceof Undecided)) throw error;
        open ??= error;
      }
      if (!isMet) break;
    }
    if (!isMet) continue;
    if (open !== undefined) throw open;
    return match;
  }
  return undefined;
}
