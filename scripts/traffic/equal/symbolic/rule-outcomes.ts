import type { Position } from "../../../manifests/problem.ts";
import type {
  FilterCondition,
  OutcomeBuilder,
  RouterOutcomeBuilder,
} from "../../../route-fields/field-family.ts";
import { shadowHost } from "../../../route-fields/mirror/mirror.ts";
import type { ForwardAction, Mirror } from "../../table.ts";
import { header, type Value } from "../request-space/value.ts";
import { ofPercent, ONE, type Rational, rest } from "./rational.ts";
import { partOf, type SymbolicRequest } from "./symbolic-request.ts";
import { answeredWith, answered, nowhere } from "./terminals.ts";
import { after, type Tree, tried } from "./tree.ts";

/**
 * Builds the outcomes of filters as trees.
 * @param shares the share of each destination of the rule
 * @param meets whether all requests, or none, meet a condition
 */
export function filterOutcomes(
  { action, at, shares }: { action: ForwardAction; at: Position; shares: readonly Rational[] },
  passing: SymbolicRequest,
  meets: (condition: FilterCondition) => boolean,
): OutcomeBuilder<Tree> {
  return {
    meets,
    sometimes(percent, some, others) {
      const share = ofPercent(percent);
      const both = [[share, some] as const, [rest(share), others] as const];
      return { kind: "chance", ways: both.filter(([{ numerator }]) => numerator > 0n) };
    },
    delayed: (ms, outcome) => after({ kind: "delay", ms, at }, outcome),
    reply: (name) => nowhere(name),
    withHeaders: (outcome, headers) =>
      answeredWith(
        outcome,
        headers.map(([name, value]) => [
          name,
          "text" in value ? { kind: "text", text: value.text } : partOf(header(value.header), passing),
        ]),
      ),
    withRouteChanges: (outcome) => ({
      kind: "chance",
      ways: action.destinations.map(({ response }, i) => [
        shares[i] ?? ONE,
        answered(outcome, [response, action.response]),
      ]),
    }),
  };
}

/**
 * Builds the outcomes of the router as trees.
 * @param onward the requests as they are forwarded
 * @param asked the requested host, if it is a single one
 * @param arrive returns the outcome of a copy
 */
export function routerOutcomes(
  at: Position,
  onward: SymbolicRequest,
  asked: string | undefined,
  arrive: (to: Mirror, copy: SymbolicRequest) => Tree,
): RouterOutcomeBuilder<Tree> {
  return {
    retried: (policy, outcome) => tried(policy, at, outcome),
    limited: (ms, outcome) => after({ kind: "timeout", ms, at }, outcome),
    copied(mirror, outcome) {
      const host = onward.authority.kind === "text" ? onward.authority.text : asked;
      // For a wildcard the copy has the host of the request.
      const authority: Value =
        host === undefined ? onward.authority : { kind: "text", text: shadowHost(host) };
      const copy: SymbolicRequest = { ...onward, authority };
      return after({ kind: "mirror", percent: mirror.percent, to: arrive(mirror, copy), at }, outcome);
    },
  };
}
