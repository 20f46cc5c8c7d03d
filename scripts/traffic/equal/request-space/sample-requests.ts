import { HeaderList } from "../../../route-fields/headers/header-list.ts";
import type { MatchedRequest } from "../../../route-fields/match/match.ts";
import type { NamedMatches, RequestMatch, ValueMatch } from "../../table.ts";
import { isAccepted, Undecidable } from "../automata/automaton.ts";
import { partition } from "../automata/partition.ts";
import { regexAutomaton } from "../automata/regex.ts";
import { domainOf } from "./parts.ts";
import { header, type Part, query } from "./value.ts";

// The value for a condition without a literal, and the suffix for a prefix.
const PLAIN = "x";
const UNLIKELY = "kyc-sample";

/** The search for a text that an expression matches stops after this many transitions. */
const MOST_STEPS = 20_000;

/**
 * Yields requests made of the literals of some conditions and of short texts that their regular expressions match, as
 * a quick test of whether a request can meet them. Yields none for a condition that no request can meet.
 * @param matches an empty list matches every request
 */
export function* sampleRequests(
  matches: readonly RequestMatch[],
  authority: string,
): Generator<MatchedRequest> {
  if (matches.length === 0) yield* requests(undefined, authority);
  // Texts for regular expressions are more expensive.
  const [plain, others] = [matches.filter((m) => !hasRegex(m)), matches.filter(hasRegex)];
  for (const match of [...plain, ...others]) yield* requests(match, authority);
}

function hasRegex({ uri, method, headers = [], queryParams = [] }: RequestMatch): boolean {
  return [uri, method, ...[...headers, ...queryParams].map(([, match]) => match)].some(
    (match) => match?.kind === "regex",
  );
}

function requests(match: RequestMatch | undefined, authority: string): MatchedRequest[] {
  const method = match?.method === undefined ? "GET" : literal("method", match.method);
  const headers = named(match?.headers ?? [], header);
  const parameters = named(match?.queryParams ?? [], query);
  if (method === undefined || headers === undefined || parameters === undefined) return [];
  const search = parameters.map(([name, value]) => `${name}=${value}`).join("&");
  return pathsOf(match)
    .filter((path) => isAccepted(domainOf("uri"), path))
    .map((path) => ({
      method,
      target: search === "" ? path : `${path}?${search}`,
      authority,
      headers: new HeaderList(headers.flat()),
    }));
}

function pathsOf(match: RequestMatch | undefined): readonly string[] {
  const uri = match?.uri;
  if (uri === undefined) return ["/", `/${UNLIKELY}`];
  if (uri.kind === "exact") return [uri.value];
  return uri.kind === "prefix" ? [uri.value, `${uri.value}${UNLIKELY}`] : textsOf("uri", uri.value);
}

/** Returns names and values that meet conditions; undefined if a value is not known. */
function named(wanted: NamedMatches, partOf: (name: string) => Part): [string, string][] | undefined {
  const fields = wanted.map(([name, match]) => [name, literal(partOf(name), match)] as const);
  return fields.every((field): field is [string, string] => field[1] !== undefined) ? fields : undefined;
}

function literal(part: Part, match: ValueMatch): string | undefined {
  if (match.kind === "regex") return textsOf(part, match.value)[0];
  const text = match.kind === "present" ? PLAIN : match.value;
  return isAccepted(domainOf(part), text) ? text : undefined;
}

/** Returns short texts of a part that a regular expression matches; none if the search takes too long. */
function textsOf(part: Part, expression: string): readonly string[] {
  try {
    const domain = [domainOf(part), regexAutomaton(expression)];
    return partition(domain, [], { left: MOST_STEPS }).flatMap(({ words }) => words);
  } catch (error) {
    if (error instanceof Undecidable) return [];
    throw error;
  }
}
