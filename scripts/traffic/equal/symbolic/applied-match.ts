import type { RequestMatch, Rule } from "../../table.ts";
import type { Condition } from "../request-space/condition.ts";
import { conditionsOf } from "../request-space/conditions-on-request.ts";
import { Undecided } from "../request-space/request-space.ts";
import type { Part } from "../request-space/value.ts";

/**
 * Returns the condition by which a rule applies to all requests of a cell: `true` if it has none, undefined if it
 * applies to none of them.
 * @param matches the rule's matches that may hold for some request of the cell
 * @param ask whether all of them, or none, meet a condition
 * @throws Undecided if it applies to some of them only
 */
export function appliedIn(
  { matches }: Pick<Rule, "matches">,
  ask: (part: Part, condition: Condition) => boolean,
): RequestMatch | true | undefined {
  if (matches.length === 0) return true;
  for (const match of matches) {
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
