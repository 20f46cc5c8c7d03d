import { REQUEST_FILTERS, ROUTER_EFFECTS } from "../../../route-fields/families.ts";
import { hostOf } from "../../hosts.ts";
import type { Destination, ForwardAction, Listener, RequestMatch, Rule } from "../../table.ts";
import { Undecidable } from "../automata/automaton.ts";
import { type Condition, conditionOf, meets } from "../request-space/condition.ts";
import { partAsked } from "../request-space/conditions-on-request.ts";
import { type HostKind, rulesAt } from "../request-space/hosts.ts";
import type { Cell, RequestSpace } from "../request-space/request-space.ts";
import { attribute, header, type Part, sent, textOf, type Value } from "../request-space/value.ts";
import { appliedIn } from "./applied-match.ts";
import { type Arrival, arrive, reachDirectly } from "./arrival.ts";
import { candidates, whole } from "./rules-by-path.ts";
import { undefinedOrder } from "./undefined-order.ts";
import { checkKnown } from "./compared-fields.ts";
import { ONE, sharesOf } from "./rational.ts";
import { filterOutcomes, routerOutcomes } from "./rule-outcomes.ts";
import type { Side } from "./side.ts";
import { applyTo, partOf, type SymbolicRequest, rewrittenBy } from "./symbolic-request.ts";
import { answered, directTerminal, elsewhere, nowhere, redirectTerminal } from "./terminals.ts";
import { after, lacksCluster, ledBy, type Tree } from "./tree.ts";

/** The conditions on the caller's pod and port, by which istiod selects the rules of a sidecar. */
function callerConditions({ attributes = [] }: RequestMatch): NonNullable<RequestMatch["attributes"]> {
  return attributes.filter(([name]) => /^(port$|source )/.test(name));
}

const HOST = header("host");
const NO_ROUTE = "404 (no route)";

// As in resolve.ts, a route with more hops is a cycle.
const MAX_HOPS = 8;

// More steps mean a cycle of weighted choices.
const MOST_STEPS = 5_000;

/**
 * Follows the requests of a cell through a table, as resolve.ts does for one request.
 * @param host the requests' authority until a rule changes it
 * @param unrouted the outcome at the first host if it has no rules
 * @throws Undecided if a condition holds for some of them only; Undecidable if it cannot be decided
 */
export function follow(
  side: Side,
  { space, cell }: { space: RequestSpace; cell: Cell },
  {
    listener,
    host,
    authority,
    unrouted,
  }: { listener: Listener; host: HostKind; authority: Value; unrouted: () => Tree },
): Tree {
  let steps = 0;
  const asked = host.kind === "host" ? host.host : undefined;
  return from(listener, { uri: sent("uri"), authority, headers: new Map(), isBlurred: false }, MAX_HOPS);

  /** @param left the number of further listeners that the requests may pass */
  function from(at: Listener, passing: SymbolicRequest, left: number): Tree {
    if (++steps > MOST_STEPS)
      throw new Undecidable(`one request has more than ${MOST_STEPS} possible outcomes`);
    if (left === 0) return nowhere("500 (the routes form a cycle)");
    const name = hostIn(passing);
    const kind: HostKind = typeof name === "string" ? { kind: "host", host: name } : name;
    const rules = rulesAt(side.table, at, kind);
    const isKept = rules !== undefined && (at !== "mesh" || hasRuleOfCaller(rules, passing));
    if (!isKept) {
      const backend = at === "mesh" && typeof name === "string" ? side.table.backends.get(name) : undefined;
      if (backend !== undefined && typeof name === "string")
        return reachDirectly(name, backend, passing, arrival(left - 1));
      if (rules !== undefined && left === MAX_HOPS) return unrouted();
      // Since at least one side describes the requested host, there is no route without a rule.
      if (typeof name !== "string" || name === asked || side.knownHosts.has(name)) return nowhere(NO_ROUTE);
      return elsewhere(`${name} at the ${at}`, passing, "way");
    }
    const outcome = byRules(rules, passing, left);
    const order = side.shared.size === 0 ? undefined : undefinedOrder(side, at, kind, rules);
    return order === undefined ? outcome : after(order, outcome);
  }

  /**
   * Whether a sidecar has any of the rules. istiod leaves out those for other callers and ports, and a host without
   * rules has no virtual host. (istio 1.31, pilot/pkg/networking/core/route/route.go, BuildHTTPRoutesForVirtualService)
   */
  function hasRuleOfCaller(rules: readonly Rule[], passing: SymbolicRequest): boolean {
    const isOfAll = rules.some(
      ({ matches }) => matches.length === 0 || matches.some((match) => callerConditions(match).length === 0),
    );
    if (isOfAll) return true;
    return rules.some(({ matches }) =>
      matches.some((match) =>
        callerConditions(match).every(([name, wanted]) => ask(attribute(name), conditionOf(wanted), passing)),
      ),
    );
  }

  function byRules(rules: readonly Rule[], passing: SymbolicRequest, left: number): Tree {
    const { uri, isBlurred } = passing;
    const isIndexed = uri.kind === "own" && !isBlurred;
    for (const { rule, matches } of isIndexed ? candidates(rules, { space, cell }, uri) : rules.map(whole)) {
      checkKnown(rule);
      const match = appliedIn({ matches }, (part, condition) => ask(part, condition, passing));
      if (match !== undefined) return ledBy(rule.at, act(rule, match, passing, left));
    }
    return nowhere(NO_ROUTE);
  }

  /** Returns the name of the host, or its kind while the request has its original authority. */
  function hostIn({ authority: value }: SymbolicRequest): string | HostKind {
    return value.kind === "text" ? hostOf(value.text) : (asked ?? host);
  }

  function ask(part: Part, condition: Condition, passing: SymbolicRequest): boolean {
    if (part === HOST) throw new Undecidable(`a match on ${part} cannot be decided`);
    if (passing.isBlurred && (part === "uri" || part.startsWith("query ")))
      throw new Undecidable("a rule asks about a path or query after a rewrite that may have changed both");
    const value = partOf(part, passing);
    if (value.kind === "own" || value.kind === "followed") return space.ask(cell, condition, value);
    const text = textOf(value, space.known(cell));
    if (text === undefined)
      throw new Undecidable("a rule asks about a path that a regular expression has rewritten");
    return meets(condition, text);
  }

  function act(rule: Rule, match: RequestMatch | true, passing: SymbolicRequest, left: number): Tree {
    const { action, at } = rule;
    if (action.kind === "redirect")
      return answered(redirectTerminal(action, match, passing), [action.response]);
    if (action.kind === "direct") return answered(directTerminal(action), [action.response]);
    const changed = rewrittenBy(action, match, passing);
    const shares = sharesOf(action.destinations.map(({ weight }) => weight));
    const ways = action.destinations.map(
      (to, i) => [shares[i] ?? ONE, sendTo(rule, action, to, changed, left)] as const,
    );
    const [only] = ways;
    const forwarded: Tree = ways.length === 1 && only !== undefined ? only[1] : { kind: "chance", ways };
    const build = filterOutcomes({ action, at, shares }, passing, ({ part, match: wanted }) =>
      ask(partAsked(part), conditionOf(wanted), passing),
    );
    return REQUEST_FILTERS.reduceRight<Tree>(
      (outcome, filter) => filter.outcome(action, outcome, build),
      forwarded,
    );
  }

  function sendTo(
    { at }: Rule,
    action: ForwardAction,
    to: Destination,
    passing: SymbolicRequest,
    left: number,
  ): Tree {
    const headers = new Map(passing.headers);
    applyTo(headers, to.request);
    applyTo(headers, action.request);
    const authority: Value =
      to.authority === undefined ? passing.authority : { kind: "text", text: to.authority };
    const onward = { ...passing, headers, authority };
    const there = arrival(left - 1);
    const arrived = answered(arrive(to, onward, at, there), [to.response, action.response]);
    // Without a cluster, Envoy's router does not reach retries, time limits and mirrors.
    // (source/common/router/router.cc)
    if (lacksCluster(arrived)) return arrived;
    const build = routerOutcomes(at, onward, asked, (mirror, copy) => arrive(mirror, copy, at, there));
    return ROUTER_EFFECTS.reduce<Tree>((outcome, effect) => effect.outcome(action, outcome, build), arrived);
  }

  function arrival(left: number): Arrival {
    const enter = (at: Listener, passing: SymbolicRequest): Tree => from(at, passing, left);
    return { side, listener, asked, known: space.known(cell), enter };
  }
}
