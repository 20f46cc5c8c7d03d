import { HeaderList } from "../../../route-fields/headers/header-list.ts";
import type { MatchedRequest } from "../../../route-fields/match/match.ts";
import type { NamedMatches, RequestMatch, ValueMatch } from "../../table.ts";
import { isAccepted } from "../automata/automaton.ts";
import { domainOf } from "./parts.ts";
import { header, type Part, query } from "./value.ts";

// What a condition without a literal is tried with, and what is put behind a prefix.
const PLAIN = "x";
const UNLIKELY = "kyc-sample";

/**
 * Requests that are made of the literals of some conditions, for a quick test whether a request can meet them. There is
 * none for a literal that no request can have; a regular expression is not looked into.
 * @param matches an empty list stands for every request
 */
export function sampleRequests(matches: readonly RequestMatch[], authority: string): MatchedRequest[] {
  if (matches.length === 0) return requests(undefined, authority);
  return matches.flatMap((match) => requests(match, authority));
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

function pathsOf(match: RequestMatch | undefined): string[] {
  const uri = match?.uri;
  if (uri === undefined) return ["/", `/${UNLIKELY}`];
  if (uri.kind === "exact") return [uri.value];
  return uri.kind === "prefix" ? [uri.value, `${uri.value}${UNLIKELY}`] : [];
}

/** Names and values that meet conditions; undefined where a value is not known. */
function named(wanted: NamedMatches, partOf: (name: string) => Part): [string, string][] | undefined {
  const fields = wanted.map(([name, match]) => [name, literal(partOf(name), match)] as const);
  return fields.every((field): field is [string, string] => field[1] !== undefined) ? fields : undefined;
}

function literal(part: Part, match: ValueMatch): string | undefined {
  if (match.kind === "regex") return undefined;
  const text = match.kind === "present" ? PLAIN : match.value;
  return isAccepted(domainOf(part), text) ? text : undefined;
}
