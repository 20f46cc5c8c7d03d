import type {
  ForwardAction,
  Listener,
  RequestMatch,
  RouteTable,
  Rule,
  StringMatch,
  ValueMatch,
} from "../../table.ts";
import { Undecidable } from "../words/machine.ts";
import { type Condition, type Dependent, keyOf } from "./condition.ts";
import type { Questions } from "./space.ts";
import { header, type Part, query, sent, type Value, withFront, withMore } from "./value.ts";

// Each way to write one path anew, and then another, multiplies what is asked; sane tables write few, and once.
const MOST_WAYS = 500;

const LISTENERS: readonly Listener[] = ["ingress", "local-gateway", "mesh"];

/** All rules of a table, each once. */
export function rulesOf({ listeners }: RouteTable): Rule[] {
  const lists = LISTENERS.flatMap((listener) => {
    const { exact, suffixes, any } = listeners[listener];
    return [...exact.values(), ...suffixes.map(([, rules]) => rules), ...(any === undefined ? [] : [any])];
  });
  return [...new Set(lists.flat())];
}

/** The conditions of a match on each part of a request, with the part that each is about. */
export function conditionsOf(match: RequestMatch): { part: Part; condition: Condition; isWanted: boolean }[] {
  const { uri, method, authority } = match;
  const plain = (part: Part, wanted: StringMatch | undefined, caseless = false) =>
    wanted === undefined ? [] : [{ part, condition: condition(wanted, caseless), isWanted: true }];
  return [
    ...plain("uri", uri, match.ignoreUriCase && uri?.kind !== "regex"),
    ...plain("method", method),
    ...plain("authority", authority),
    ...match.headers.map(([name, wanted]) => {
      return { part: header(name), condition: condition(wanted), isWanted: true };
    }),
    ...match.withoutHeaders.map(([name, unwanted]) => {
      return {
        part: header(name),
        condition: { ...condition(unwanted), absentIsEmpty: true },
        isWanted: false,
      };
    }),
    ...match.queryParams.map(([name, wanted]) => {
      return { part: query(name), condition: condition(wanted), isWanted: true };
    }),
  ];
}

function condition(match: ValueMatch, caseless = false): Condition {
  return { match, caseless, absentIsEmpty: false };
}

/**
 * All that two tables ask about a request, also after it was changed on its way.
 * @param authorities what the authority of a request can be at the start
 * @throws Undecidable when that is too much
 */
export function questionsOf(tables: readonly RouteTable[], authorities: readonly Dependent[]): Questions {
  const rules = tables.flatMap(rulesOf);
  const questions = new Map<Part, Map<string, readonly [Condition, Dependent]>>();
  const paths = pathsAfter(rules);
  for (const { part, condition } of rules.flatMap(({ matches }) => matches.flatMap(conditionsOf))) {
    for (const value of valuesOf(part)) {
      const asked = questions.get(part) ?? new Map<string, readonly [Condition, Dependent]>();
      asked.set(keyOf(condition, value), [condition, value]);
      questions.set(part, asked);
    }
  }
  return questions;

  function valuesOf(part: Part): readonly Dependent[] {
    if (part === "uri") return paths;
    if (part === "authority") return authorities;
    return part.startsWith("header ") ? headersAfter(part, rules) : [sent(part)].filter(isDependent);
  }
}

/** What can have become of a path that rules were applied to, apart from fixed ones. */
function pathsAfter(rules: readonly Rule[]): Dependent[] {
  const ways = rules.flatMap(({ matches, action }) => {
    if (action.kind !== "forward" || action.rewriteUri === undefined || !leadsOn(action)) return [];
    const { rewriteUri } = action;
    const dropped = (matches.length === 0 ? [undefined] : matches).flatMap((match) => droppedBy(match) ?? []);
    return dropped.map((length) => (value: Value) => withFront(value, length, rewriteUri));
  });
  return closure(sent("uri"), ways);
}

/**
 * How many characters a rewrite of the path takes away in front, or undefined where it takes all.
 * @param match the condition by which the rule applies, if it has any
 */
export function droppedBy(match: RequestMatch | undefined): number | undefined {
  // Without a match on the path, istiod writes one for the prefix /.
  if (match?.uri === undefined) return 1;
  return match.uri.kind === "prefix" ? match.uri.value.length : undefined;
}

function headersAfter(part: Part, rules: readonly Rule[]): Dependent[] {
  const name = part.slice("header ".length);
  const added = rules.flatMap(({ action }) => {
    if (action.kind !== "forward" || !leadsOn(action)) return [];
    const changes = [action.request, ...action.destinations.map(({ request }) => request)];
    return changes.flatMap(({ add }) => add.filter(([of]) => of === name).map(([, text]) => text));
  });
  return closure(
    sent(part),
    [...new Set(added)].map((text) => (value: Value) => withMore(value, text)),
  );
}

function leadsOn({ destinations, mirrors }: ForwardAction): boolean {
  return [...destinations, ...mirrors].some(({ backend }) => backend.kind === "listener");
}

/** All values that come of one by changes, in any order, as often as a request is routed again. */
function closure(start: Value, ways: readonly ((value: Value) => Value | undefined)[]): Dependent[] {
  const found = new Map<string, Dependent>();
  let last = [start].filter(isDependent);
  // A request is routed at most eight times.
  for (let hop = 0; hop < 8 && last.length > 0; hop++) {
    for (const value of last) found.set(JSON.stringify(value), value);
    if (found.size > MOST_WAYS) throw new Undecidable("paths or headers are changed in too many ways");
    const next = last.flatMap((value) => ways.map((way) => way(value)).filter(isDependent));
    last = [...new Map(next.map((value) => [JSON.stringify(value), value])).values()].filter(
      (value) => !found.has(JSON.stringify(value)),
    );
  }
  return [...found.values()];
}

function isDependent(value: Value | undefined): value is Dependent {
  return value?.kind === "own" || value?.kind === "followed";
}
