import { RE2JS } from "re2js";
import type { HeaderList } from "../headers/header-list.ts";
import type { RequestMatch, Rule, StringMatch, ValueMatch } from "../../traffic/table.ts";
import { messageOf } from "../../text/message-of.ts";

/** A match without conditions, which every request meets. */
export const EVERY_REQUEST: RequestMatch = {
  uri: undefined,
  ignoreUriCase: false,
  method: undefined,
  authority: undefined,
  headers: [],
  withoutHeaders: [],
  queryParams: [],
};

/** The parts of a request that a match can test. */
export interface MatchedRequest {
  method: string;
  /** The request target: path and query. */
  target: string;
  /** The Host as the client wrote it. */
  authority: string;
  headers: HeaderList;
  /** The attributes of the connection and the caller that rules can match on; see attributes.ts. */
  attributes?: ReadonlyMap<string, string>;
}

/** Whether a value meets a string match. A regex is RE2 and must match the whole value. */
export function stringMatches(match: StringMatch, value: string): boolean {
  switch (match.kind) {
    case "exact":
      return value === match.value;
    case "prefix":
      return value.startsWith(match.value);
    case "regex":
      return regex(match.value).testExact(value);
  }
}

/** As `stringMatches`, for a value that may be missing. */
function valueMatches(match: ValueMatch, value: string | undefined): boolean {
  if (value === undefined) return false;
  return match.kind === "present" || stringMatches(match, value);
}

/** The error in a regular expression, or undefined. */
export function regexProblem(source: string): string | undefined {
  try {
    regex(source);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Whether a request meets a condition. */
function requestMatches(match: RequestMatch, request: MatchedRequest): boolean {
  if (match.uri !== undefined && !pathMatches(match.uri, match.ignoreUriCase, pathOf(request.target)))
    return false;
  if (match.method !== undefined && !stringMatches(match.method, request.method)) return false;
  if (match.authority !== undefined && !stringMatches(match.authority, request.authority)) return false;
  const { headers } = request;
  for (const [name, wanted] of match.headers) {
    if (!headers.some(name, (value) => valueMatches(wanted, value))) return false;
  }
  for (const [name, unwanted] of match.withoutHeaders) {
    if (headers.some(name, (value) => valueMatches(unwanted, value))) return false;
    // To Envoy a missing header is an empty one here, unless the match is on presence.
    if (unwanted.kind !== "present" && headers.get(name) === undefined && valueMatches(unwanted, ""))
      return false;
  }
  for (const [name, wanted] of match.queryParams) {
    if (!valueMatches(wanted, queryParameter(request.target, name))) return false;
  }
  for (const [name, wanted] of match.attributes ?? []) {
    if (!valueMatches(wanted, request.attributes?.get(name))) return false;
  }
  return true;
}

function pathMatches(match: StringMatch, ignoreCase: boolean, path: string): boolean {
  if (!ignoreCase || match.kind === "regex") return stringMatches(match, path);
  return stringMatches({ kind: match.kind, value: asciiLower(match.value) }, asciiLower(path));
}

/** Only ASCII letters: to Envoy the other bytes are not letters. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * Returns the first query parameter of a name, empty without `=`, undefined if it is missing. (envoy,
 * source/common/http/utility.cc, QueryParamsMulti::parseQueryString)
 */
function queryParameter(target: string, name: string): string | undefined {
  const query = target.indexOf("?");
  for (let start = query + 1; query >= 0 && start < target.length;) {
    const next = target.indexOf("&", start);
    const end = next < 0 ? target.length : next;
    const parameter = target.slice(start, end);
    const equal = parameter.indexOf("=");
    if (parameter.slice(0, equal < 0 ? undefined : equal) === name)
      return equal < 0 ? "" : parameter.slice(equal + 1);
    start = end + 1;
  }
  return undefined;
}

/**
 * Returns the condition by which a rule applies to a request: `true` if the rule has none, undefined if it does not
 * apply.
 * @throws if a regex is not valid RE2; `regexProblem` checks it beforehand
 */
export function appliedMatch(rule: Rule, request: MatchedRequest): RequestMatch | true | undefined {
  if (rule.matches.length === 0) return true;
  return rule.matches.find((match) => requestMatches(match, request));
}

/** A target without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

// A table is compiled rarely and used often, and each reload has mostly the same expressions.
const expressions = new Map<string, RE2JS>();

/** Returns a regular expression of RE2. @throws if it is not valid; `regexProblem` checks it beforehand */
export function regex(source: string): RE2JS {
  let expression = expressions.get(source);
  if (expression === undefined) {
    expression = RE2JS.compile(source);
    expressions.set(source, expression);
  }
  return expression;
}
