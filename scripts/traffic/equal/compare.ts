import { memoKeyAt } from "./memo-key.ts";
import { asksAuthority, asksPort, type Described, type Entries, type Entry, namesOf } from "./entries.ts";
import { assumptionsOf, sideOf, unreadOf } from "./assumptions.ts";
import type { Comparison, CompareOptions } from "./comparison.ts";
import { revisionsThatDiffer } from "./differing-revisions.ts";
import { type HostKind, hostText } from "./request-space/hosts.ts";
import { authoritiesOf } from "./request-space/parts.ts";
import { conditionsOnRequests } from "./request-space/conditions-on-request.ts";
import type { Restriction } from "./request-space/part-classes.ts";
import { type Cell, RequestSpace, Undecided } from "./request-space/request-space.ts";
import { attribute, type Known, type Part, sent, type Value } from "./request-space/value.ts";
import { follow } from "./symbolic/follow.ts";
import type { Side } from "./symbolic/side.ts";
import { orderThatDecides } from "./symbolic/undefined-order.ts";
import { losesSight, partsSeen, textOfTree, type Tree, withoutUnmodelled } from "./symbolic/tree.ts";
import { servicesOf, unrouted } from "./unrouted.ts";
import { namedDifferently, notCompared } from "./why-unknown.ts";
import { type Difference, findCounterexample } from "./counterexample.ts";
import { Undecidable } from "./automata/automaton.ts";
import { regexAutomaton } from "./automata/regex.ts";
import { clusterName } from "./symbolic/arrival.ts";

// Bounds the running time; ordinary tables have a few hundred cells.
const MOST_CELLS = 200_000;

const NO_GATEWAY =
  "the sides differ here, if the Gateway exists that only one of them refers to and that is not in the files";

/**
 * Decides whether two descriptions send every request to the same destinations with the same probabilities, and
 * whether destination and caller observe the same: path, headers (except Host and Knative's own), copies, delays,
 * time limits, retries, and changes of the response. Requests are those of RFC 9110 in ASCII. The conditions of both
 * sides partition the space of requests into cells in which each condition is decided; there both sides are followed
 * symbolically, and the outcomes are compared with exact fractions. A difference is reported only with a request that
 * shows it; anything undecided is reported as a doubt.
 */
export function compare(
  a: Described,
  b: Described,
  { entries, notes }: Entries,
  options: CompareOptions,
): Comparison {
  const plans = [a.plan, b.plan];
  const names = namesOf(plans);
  const sides = [a, b].map((side) => sideOf(side, plans, names.hosts, options.revisionHeader)) as [
    Side,
    Side,
  ];
  const result: Comparison = {
    verdict: "equal",
    compared: entries.map(({ listener, hosts }) => ({
      listener,
      hosts: [hostText(hosts[0]), hostText(hosts[1])],
    })),
    differences: [],
    revisions: revisionsThatDiffer(a, b),
    doubts: [],
    unread: [...(options.doubts ?? []), ...plans.flatMap(unreadOf)],
    notes: [...(options.notes ?? []), ...notes, ...assumptionsOf(plans, options.revisionHeader)],
    cells: 0,
  };
  const needsHost = asksAuthority(plans);
  const needsPort = asksPort(plans);
  const services = servicesOf([a, b]);
  const spaces = new Map<string, RequestSpace>();
  const settled = new Set<string>();
  let place = 0;
  const isTimeUp = options.isTimeUp ?? (() => false);
  for (const [i, entry] of entries.entries()) {
    if (isTimeUp()) {
      result.unread.push(
        `the time is up: ${entries.length - i} of ${entries.length} places were not compared`,
      );
      break;
    }
    place = i;
    const same = memoKeyOf(entry);
    if (same !== undefined && settled.has(same)) continue;
    const before = result.differences.length + result.doubts.length;
    compareAt(entry);
    if (same !== undefined && result.differences.length + result.doubts.length === before) settled.add(same);
  }
  if (result.differences.length + result.revisions.length > 0) result.verdict = "different";
  else if (result.doubts.length + result.unread.length > 0) result.verdict = "unknown";
  return result;

  /** Entries with the same key need to be compared only once. */
  function memoKeyOf({ listener, hosts, isThere }: Entry): string | undefined {
    if (needsHost || isThere.includes(false)) return undefined;
    const [ofA, ofB] = sides.map(({ table }, i) => memoKeyAt(table, listener, hosts[i] as HostKind));
    return ofA === undefined || ofB === undefined ? undefined : `${ofA}|${ofB}`;
  }

  function compareAt(entry: Entry): void {
    const { listener, hosts } = entry;
    const doubt = (why: string): void => {
      const place = { listener, hosts: [hostText(hosts[0]), hostText(hosts[1])] as const };
      if (!result.doubts.some((other) => other.why === why)) result.doubts.push({ ...place, why });
    };
    try {
      const authorities = authoritiesAt(hosts);
      const space = spaceFor(entry, authorities);
      const open: Cell[] = [new Map()];
      for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
        const trees = treesAt(entry, space, cell, authorities);
        if (trees instanceof Undecided) {
          for (const smaller of trees.cells.toReversed()) open.push(smaller);
          continue;
        }
        if (++result.cells > MOST_CELLS)
          throw new Undecidable(`the conditions cut the requests into more than ${MOST_CELLS} kinds`);
        options.onProgress?.({ places: { done: place, all: entries.length }, cells: result.cells });
        if (isTimeUp()) throw new Undecidable(whereTimeWent(cell, result.cells));
        const outcome = judge(trees, entry, space, cell);
        if (outcome === "equal") continue;
        if (Array.isArray(outcome)) open.push(...outcome);
        else if (typeof outcome === "string") doubt(outcome);
        else if ([a, b].some(({ uncertain }) => uncertain?.has(listener))) return doubt(NO_GATEWAY);
        else return void result.differences.push(outcome);
      }
    } catch (error) {
      if (!(error instanceof Undecidable)) throw error;
      doubt(error.message);
    }
  }

  function treesAt(
    entry: Entry,
    space: RequestSpace,
    cell: Cell,
    authorities: readonly Value[],
  ): [Tree, Tree] | Undecided {
    try {
      const trees = sides.map((side, i) => {
        const host = entry.hosts[i] as HostKind;
        const authority = authorities[i] as Value;
        const withoutRules = (): Tree => unrouted(side, entry, host, authority, services);
        if (entry.isThere[i] !== true) return withoutRules();
        return follow(
          side,
          { space, cell },
          { listener: entry.listener, host, authority, unrouted: withoutRules },
        );
      });
      return trees as [Tree, Tree];
    } catch (error) {
      if (error instanceof Undecided) return error;
      throw error;
    }
  }

  /** Returns equality, a difference, the reason for a doubt, or smaller cells that may contain a difference. */
  function judge(
    whole: [Tree, Tree],
    entry: Entry,
    space: RequestSpace,
    cell: Cell,
  ): "equal" | Difference | string | Cell[] {
    const known = space.known(cell);
    if (areEqual(whole, known)) return "equal";
    const order = orderThatDecides(whole);
    if (order !== undefined) return order;
    const trees: [Tree, Tree] = [withoutUnmodelled(whole[0]), withoutUnmodelled(whole[1])];
    if (areEqual(trees, known)) return notCompared(whole);
    const found = findCounterexample(trees, entry, space, cell);
    if (found === undefined) {
      for (const part of new Set([...cell.keys(), ...trees.flatMap((tree) => [...partsSeen(tree)])])) {
        const smaller = space.cut(cell, part);
        if (smaller.length > 0) return smaller;
      }
      return "the rules are written differently, and no request was found for which that makes a difference";
    }
    // A host that no file describes may be the same as one that the other side names differently.
    const places = namedDifferently(found);
    if (trees.some(losesSight) || places.length > 0)
      return `the files do not describe ${places.join(" and ") || "a host on the way"}`;
    return found;
  }

  function spaceFor(entry: Entry, authorities: readonly Value[]): RequestSpace {
    const { hosts } = entry;
    const ports = needsPort ? portsAt(entry) : undefined;
    // If no rule matches on the authority, all hosts share the conditions on the other parts.
    const key = `${needsHost ? hosts.map(hostText).join() : ""} ${ports?.join()}`;
    let space = spaces.get(key);
    if (space === undefined) {
      const asked = authorities.flatMap((value) => (value.kind === "own" ? [value] : []));
      const restrictions = new Map<Part, Restriction>(
        needsHost ? [["authority", restriction(hosts[0])]] : [],
      );
      const [port] = ports ?? [];
      if (ports !== undefined && port !== undefined)
        restrictions.set(attribute("port"), {
          only: [regexAutomaton(ports.join("|"))],
          butNot: [],
          example: String(port),
        });
      space = new RequestSpace(conditionsOnRequests([a.plan.table, b.plan.table], asked), restrictions);
      spaces.set(key, space);
    }
    return space;
  }

  /** Returns the ports of a Service that callers can use, if both sides describe it. */
  function portsAt({ listener, hosts }: Entry): number[] | undefined {
    if (listener !== "mesh") return undefined;
    const [ofA, ofB] = [a, b].map(({ destinations }, i) =>
      destinations.portsOf(clusterName(hostText(hosts[i] as HostKind))),
    );
    return ofA === undefined || ofB === undefined ? undefined : [...new Set([...ofA, ...ofB])];
  }

  function restriction(host: HostKind): Restriction {
    const { of, butNot } = authoritiesOf(host, names);
    return { only: of === undefined ? [] : [of], butNot, example: exampleHost(host) };
  }
}

/**
 * Explains why the comparison took so long: the parts of requests that conditions partition, whose combinations are
 * compared one by one.
 */
function whereTimeWent(cell: Cell, cells: number): string {
  const parts = [...cell.keys()].map((part) => (part === "uri" ? "the path" : part));
  const shown = parts.length > 4 ? [...parts.slice(0, 4), `${parts.length - 4} more`] : parts;
  return `the time is up after ${cells} kinds of requests; rules ask for ${shown.join(", ")}, and each combination is a kind`;
}

function areEqual([x, y]: readonly [Tree, Tree], known: (part: Part) => Known): boolean {
  return textOfTree(x, known) === textOfTree(y, known);
}

/** Returns the authority of a request on each side. Different hosts are one host under two names. */
function authoritiesAt([a, b]: readonly [HostKind, HostKind]): [Value, Value] {
  const own = sent("authority");
  if (a.kind !== "host" || b.kind !== "host" || a.host === b.host) return [own, own];
  return [own, { kind: "own", part: "authority", dropped: a.host.length, front: b.host }];
}

/** Returns an example host of a kind. */
export function exampleHost(host: HostKind): string {
  if (host.kind === "host") return host.host;
  return host.kind === "suffix" ? `any${host.suffix}` : "any.example";
}
