import { type HeaderChange, NO_CHANGE } from "../../../route-fields/headers/header-list.ts";
import { hostOf } from "../../hosts.ts";
import { REQUEST_FILTERS } from "../../../route-fields/families.ts";
import type { FilterCondition } from "../../../route-fields/field-family.ts";
import { shadowHost } from "../../../route-fields/mirror/mirror.ts";
import type { ForwardAction, Listener, RequestMatch, RouteTable, Rule, ValueMatch } from "../../table.ts";
import { Undecidable } from "../automata/automaton.ts";
import { partition } from "../automata/partition.ts";
import { domainOf } from "./parts.ts";
import { regexProblem } from "../../../route-fields/match/match.ts";
import { regexAutomaton } from "../automata/regex.ts";
import { type Condition, conditionOf, type Dependent, keyOf } from "./condition.ts";
import { type HostKind, hostsAt, listenersOf, rulesAt, rulesOf } from "./hosts.ts";
import type { Questions } from "./request-space.ts";
import { attribute, header, type Part, query, sent, type Value, withFront, withMore } from "./value.ts";

// Successive rewrites of a path multiply the conditions; ordinary tables rewrite it seldom, and once.
const MOST_STOPS = 5_000;

/** The conditions of a match on one part of a request. */
interface Asked {
  part: Part;
  condition: Condition;
  isWanted: boolean;
}

const conditions = new WeakMap<RequestMatch, readonly Asked[]>();

/** Returns the conditions of a match with the part that each is about. */
export function conditionsOf(match: RequestMatch): readonly Asked[] {
  let asked = conditions.get(match);
  if (asked === undefined) {
    asked = readConditions(match);
    conditions.set(match, asked);
  }
  return asked;
}

function readConditions(match: RequestMatch): Asked[] {
  const { uri, method, authority } = match;
  const one = (part: Part, wanted: ValueMatch | undefined, how = {}, isWanted = true): Asked[] =>
    wanted === undefined ? [] : [{ part, condition: conditionOf(wanted, how), isWanted }];
  return [
    ...one("uri", uri, { caseless: match.ignoreUriCase && uri?.kind !== "regex" }),
    ...one("method", method),
    ...one("authority", authority),
    ...match.headers.flatMap(([name, wanted]) => one(header(name), wanted)),
    ...match.withoutHeaders.flatMap(([name, unwanted]) =>
      one(header(name), unwanted, { absentIsEmpty: true }, false),
    ),
    ...match.queryParams.flatMap(([name, wanted]) => one(query(name), wanted)),
    ...(match.attributes ?? []).flatMap(([name, wanted]) => one(attribute(name), wanted)),
  ];
}

/** Returns the part of a request that a filter's condition is about. */
export function partAsked(part: FilterCondition["part"]): Part {
  return part === "method" ? part : header(part.header);
}

/** Returns the conditions of a forwarding rule besides its matches: its filters, and the rewrite of its path. */
function actionConditions(action: Rule["action"]): { part: Part; condition: Condition }[] {
  if (action.kind !== "forward") return [];
  const { rewriteRegex } = action;
  const ofFilters = REQUEST_FILTERS.flatMap((filter) =>
    filter.conditions(action).map(({ part, match }) => ({
      part: partAsked(part),
      condition: conditionOf(match),
    })),
  );
  return [...ofFilters, ...(rewriteRegex === undefined ? [] : pathsRewritten(rewriteRegex.pattern))];
}

const rewrites = new Map<string, { part: Part; condition: Condition }[]>();

/** Separates the paths that contain a match of a pattern from others, so that there are examples of both. */
function pathsRewritten(pattern: string): { part: Part; condition: Condition }[] {
  let found = rewrites.get(pattern);
  if (found === undefined) {
    found = readPathsRewritten(pattern);
    rewrites.set(pattern, found);
  }
  return found;
}

/**
 * Returns nothing if the automaton of the pattern would be too large: the examples only help to find a difference.
 */
function readPathsRewritten(pattern: string): { part: Part; condition: Condition }[] {
  if (regexProblem(pattern) !== undefined) return [];
  const front = pattern.startsWith("^") ? "" : ".*";
  const end = /(^|[^\\])\$$/.test(pattern) ? "" : ".*";
  const inside = pattern.slice(front === "" ? 1 : 0, end === "" ? -1 : undefined);
  const value = `${front}(?:${inside})${end}`;
  try {
    partition([domainOf("uri")], [regexAutomaton(value)]);
  } catch (error) {
    if (error instanceof Undecidable) return [];
    throw error;
  }
  return [{ part: "uri", condition: conditionOf({ kind: "regex", value }) }];
}

/**
 * Returns all conditions of the tables on a request, including those after changes on its way.
 * @param authorities the possible authorities at the start
 * @throws Undecidable if there are too many
 */
export function conditionsOnRequests(
  tables: readonly RouteTable[],
  authorities: readonly Dependent[],
): Questions {
  const questions = new Map<Part, Map<string, readonly [Condition, Dependent]>>();
  for (const table of tables) {
    const parts = new Set(
      rulesOf(table).flatMap(({ matches, action }) => [
        ...matches.flatMap((match) => conditionsOf(match).map(({ part }) => part)),
        ...actionConditions(action).map(({ part }) => part),
      ]),
    );
    for (const part of parts) {
      const asked = questions.get(part) ?? new Map<string, readonly [Condition, Dependent]>();
      questions.set(part, asked);
      const starts = part === "authority" ? authorities : [sent(part)].filter(isDependent);
      for (const { condition, value } of askedOf(table, part, starts)) {
        asked.set(keyOf(condition, value), [condition, value]);
      }
    }
  }
  return questions;
}

/** A listener and host on the way of a request, with the value of the examined part there. */
interface Stop {
  listener: Listener;
  host: HostKind;
  value: Dependent;
}

/** Returns the conditions of a table on one part, for every place at which a request may arrive. */
function askedOf(
  table: RouteTable,
  part: Part,
  starts: readonly Dependent[],
): { condition: Condition; value: Dependent }[] {
  const asked: { condition: Condition; value: Dependent }[] = [];
  const seen = new Set<string>();
  const open: Stop[] = listenersOf([table]).flatMap((listener) =>
    hostsAt(table, listener).flatMap((host) => starts.map((value): Stop => ({ listener, host, value }))),
  );
  for (let stop = open.pop(); stop !== undefined; stop = open.pop()) {
    const { listener, host, value } = stop;
    const key = JSON.stringify([listener, host, value]);
    if (seen.has(key)) continue;
    seen.add(key);
    if (seen.size > MOST_STOPS) throw new Undecidable("paths or headers are changed in too many ways");
    for (const rule of rulesAt(table, listener, host) ?? []) {
      for (const match of rule.matches) {
        for (const { part: of, condition } of conditionsOf(match))
          if (of === part) asked.push({ condition, value });
      }
      for (const { part: of, condition } of actionConditions(rule.action))
        if (of === part) asked.push({ condition, value });
      open.push(...after(rule, part, stop));
    }
  }
  return asked;
}

/** Returns the stops to which a rule sends requests, as long as the examined value still depends on the request. */
function after({ matches, action }: Rule, part: Part, { host, value }: Stop): Stop[] {
  if (action.kind !== "forward") return [];
  const ways = [
    ...action.destinations.map((to) => ({ ...to, name: to.authority })),
    ...action.mirrors.map((to) => ({
      ...to,
      name: host.kind === "host" ? shadowHost(host.host) : undefined,
      request: NO_CHANGE,
    })),
  ];
  return ways.flatMap(({ backend, name, request }) => {
    if (backend.kind !== "listener") return [];
    const next: HostKind = name === undefined ? host : { kind: "host", host: hostOf(name) };
    const changed =
      part === "uri"
        ? pathsAfter(action, matches, value)
        : [headerAfter(part, [request, action.request], value)];
    const stays = part === "authority" && name !== undefined ? [] : changed.filter(isDependent);
    return stays.map((value) => ({ listener: backend.listener, host: next, value }));
  });
}

function pathsAfter(
  { rewriteUri, rewriteRegex }: ForwardAction,
  matches: readonly RequestMatch[],
  value: Value,
): (Value | undefined)[] {
  if (rewriteRegex !== undefined) return [];
  if (rewriteUri === undefined) return [value];
  const dropped = (matches.length === 0 ? [undefined] : matches).flatMap((match) => droppedBy(match) ?? []);
  return dropped.map((length) => withFront(value, length, rewriteUri));
}

function headerAfter(part: Part, changes: readonly HeaderChange[], value: Value): Value {
  let changed = value;
  for (const { remove, set, add } of changes) {
    if (remove.some((name) => header(name) === part)) changed = { kind: "absent" };
    for (const [name, text] of set) if (header(name) === part) changed = { kind: "text", text };
    for (const [name, text] of add) if (header(name) === part) changed = withMore(changed, text);
  }
  return changed;
}

/**
 * Returns the number of leading characters that a rewrite of the path removes, or undefined if it removes all.
 * @param match the condition by which the rule applies, if any
 */
export function droppedBy(match: RequestMatch | undefined): number | undefined {
  // For a rule without a match on the path, istiod writes one for the prefix /.
  if (match?.uri === undefined) return 1;
  return match.uri.kind === "prefix" ? match.uri.value.length : undefined;
}

function isDependent(value: Value | undefined): value is Dependent {
  return value?.kind === "own" || value?.kind === "followed";
}
