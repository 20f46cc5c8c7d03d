import { RE2JS } from "re2js";
import type { HeaderList } from "./headers.ts";
import type { RequestMatch, Rule, StringMatch } from "./table.ts";

/** What a match can look at. */
export interface MatchedRequest {
  method: string;
  /** The request target: path and query. */
  target: string;
  /** Host as the client wrote it. */
  authority: string;
  headers: HeaderList;
}

/** Whether a value is what a string match asks for. A regex is RE2 and has to match all of the value. */
function stringMatches(match: StringMatch, value: string): boolean {
  switch (match.kind) {
    case "exact":
      return value === match.value;
    case "prefix":
      return value.startsWith(match.value);
    case "regex":
      return compiled(match.value).testExact(value);
  }
}

/** What is wrong with a regular expression, or undefined. */
export function regexProblem(source: string): string | undefined {
  try {
    compiled(source);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether a request meets a condition. */
function requestMatches(match: RequestMatch, request: MatchedRequest): boolean {
  if (match.uri !== undefined && !stringMatches(match.uri, pathOf(request.target))) return false;
  if (match.method !== undefined && !stringMatches(match.method, request.method)) return false;
  if (match.authority !== undefined && !stringMatches(match.authority, request.authority)) return false;
  for (const [name, wanted] of match.headers) {
    const value = request.headers.joined(name);
    if (value === undefined || !stringMatches(wanted, value)) return false;
  }
  return true;
}

/**
 * The condition by which a rule applies to a request: `true` when the rule has none, undefined when it does not apply.
 * @throws when a regex is not valid RE2; `regexProblem` tells beforehand
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

// A table is compiled seldom and asked often; the same few expressions come back at every reload.
const expressions = new Map<string, RE2JS>();

function compiled(source: string): RE2JS {
  let expression = expressions.get(source);
  if (expression === undefined) {
    expression = RE2JS.compile(source);
    expressions.set(source, expression);
  }
  return expression;
}
