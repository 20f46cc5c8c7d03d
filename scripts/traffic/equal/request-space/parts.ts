import { DEAD, endingWith, literal, type Automaton, OWN, textOf } from "../automata/automaton.ts";
import { regexAutomaton } from "../automata/regex.ts";
import type { HostKind } from "./hosts.ts";
import type { Part } from "./value.ts";

const isVisible = (char: number): boolean => char > 0x20 && char < 0x7f;
const among = (text: string) => (char: number) => text.includes(String.fromCharCode(char));
const isAlphanumeric = (char: number): boolean => /[A-Za-z0-9]/.test(String.fromCharCode(char));

const PATH = textOf((char) => isVisible(char) && !among("?#")(char), among("/"), false);
const METHOD = textOf((char) => isAlphanumeric(char) || among("!#$%&'*+-.^_`|~")(char), undefined, false);
const QUERY_VALUE = textOf((char) => isVisible(char) && !among("&#")(char));

/** A field value in ASCII without blanks at either end (RFC 9110 section 5.5). */
const FIELD_VALUE: Automaton = {
  start: OWN,
  next(state, char) {
    const isBlank = char === 0x20 || char === 0x09;
    if (state === 0 || !(isBlank || isVisible(char))) return 0;
    if (!isBlank) return OWN + 1;
    return state === OWN ? 0 : OWN + 2;
  },
  accepts: (state) => state === OWN || state === OWN + 1,
  sign: (char) => (isVisible(char) ? 1 : char === 0x20 || char === 0x09 ? 2 : 0),
};

// Compiled on demand: few rules need them, and compiling takes long compared with reading a small folder.
const EXPRESSIONS: ReadonlyMap<Part, string> = new Map([
  ["attribute port", "[1-9][0-9]{0,4}"],
  ["attribute scheme", "https?"],
  ["attribute source namespace", "[a-z0-9]([-a-z0-9]*[a-z0-9])?"],
]);
const compiled = new Map<Part, Automaton>();

/** Accepts every possible value of a part, except its absence. */
export function domainOf(part: Part): Automaton {
  if (part === "uri") return PATH;
  if (part === "method") return METHOD;
  if (part === "authority") return AUTHORITY;
  const expression = EXPRESSIONS.get(part);
  if (expression === undefined) return part.startsWith("query ") ? QUERY_VALUE : FIELD_VALUE;
  const automaton = compiled.get(part) ?? regexAutomaton(expression);
  compiled.set(part, automaton);
  return automaton;
}

/** Whether a request may lack a part. */
export function mayBeAbsent(part: Part): boolean {
  return /^(header|query|attribute (source label|claim)) /.test(part);
}

/** The common prefix of all values of a part. */
export function frontOf(part: Part): string {
  return part === "uri" ? "/" : "";
}

/** Values to try first as examples. */
export function favourites(part: Part): readonly string[] {
  if (part === "uri") return ["/"];
  if (part === "attribute port") return ["80"];
  if (part === "attribute scheme") return ["http"];
  if (part === "attribute source namespace") return ["default"];
  return part === "method" ? ["GET", "POST"] : [];
}

/** A host name or similar text, with an optional port. */
const AUTHORITY: Automaton = {
  start: OWN,
  next(state, char) {
    if (state === OWN + 1) {
      if (char === 0x3a) return OWN + 2;
      return isAlphanumeric(char) || among("-._")(char) ? OWN + 1 : 0;
    }
    if (state === OWN) return isAlphanumeric(char) || among("-._")(char) ? OWN + 1 : 0;
    return state !== 0 && char >= 0x30 && char <= 0x39 ? OWN + 2 : 0;
  },
  accepts: (state) => state === OWN + 1 || state === OWN + 2,
  sign: (char) => {
    if (char === 0x3a) return ":";
    if (char >= 0x30 && char <= 0x39) return "9";
    return isAlphanumeric(char) || among("-._")(char) ? "a" : "";
  },
};

/** Accepts an authority if an automaton accepts its host in lower case. */
export function ofHost(automaton: Automaton): Automaton {
  // The states of the host are even; those after the colon are odd and stay.
  const lower = (char: number): number => (char >= 65 && char <= 90 ? char + 32 : char);
  const known = (state: number): number => (state === DEAD ? DEAD : OWN + 2 * state);
  return {
    start: known(automaton.start),
    next(state, char) {
      if (state < OWN) return state;
      if ((state - OWN) % 2 === 1) return state;
      if (char === 0x3a) return state + 1;
      return known(automaton.next((state - OWN) / 2, lower(char)));
    },
    accepts: (state) => state >= OWN && automaton.accepts(Math.floor((state - OWN) / 2)),
    sign: (char) => `${char === 0x3a ? ":" : ""}${automaton.sign(lower(char))}`,
  };
}

/** Returns an automaton that accepts the authorities of a host, and automata that must all reject them. */
export function authoritiesOf(
  kind: HostKind,
  names: { hosts: Iterable<string>; suffixes: readonly string[] },
): { of: Automaton | undefined; butNot: Automaton[] } {
  if (kind.kind === "host") return { of: ofHost(literal(kind.host, "exact")), butNot: [] };
  const own = kind.kind === "suffix" ? kind.suffix : undefined;
  const others = names.suffixes.filter(
    (suffix) => own === undefined || (suffix !== own && suffix.endsWith(own)),
  );
  return {
    of: own === undefined ? undefined : ofHost(endingWith(own)),
    butNot: [
      ...[...names.hosts].map((host) => ofHost(literal(host, "exact"))),
      ...others.map((suffix) => ofHost(endingWith(suffix))),
    ],
  };
}
