import type { FieldPath } from "../manifests/document.ts";
import type { HTTPRoute } from "./http-route.ts";
import { bothChanges, NO_CHANGE } from "./headers/header-list.ts";
import { regexProblem } from "./match/match.ts";
import { substitutionProblem } from "./rewrite/rewrite.ts";
import type { RegexRewrite, Rule } from "../traffic/table.ts";
import { readDirect, readRedirect } from "./redirect/redirect.ts";
import { readDestination, readMirrors, type Surroundings } from "./destinations/destinations.ts";
import { readFault } from "./fault/fault.ts";
import { readRequestHeaders, readResponseHeaders } from "./headers/compile.ts";
import type { Report } from "../traffic/istio/report.ts";
import { milliseconds, readRetry } from "./retries/retries.ts";

/** Reads what a rule of a VirtualService does with the requests that it takes. */
export function readAction(route: HTTPRoute, path: FieldPath, surroundings: Surroundings): Rule["action"] {
  const { report } = surroundings;
  if (route.redirect !== undefined) return readRedirect(route, route.redirect, path, report);
  if (route.directResponse !== undefined) return readDirect(route, route.directResponse, path, report);
  if (route.route === undefined)
    report(
      "rule-without-action",
      path,
      "this rule does nothing",
      "add a route, a redirect or a directResponse",
    );
  const request = readRequestHeaders(route.headers?.request, [...path, "headers", "request"], report);
  const response = readResponseHeaders(route.headers?.response, [...path, "headers", "response"], report);
  const rewriteAuthority = route.rewrite?.authority;
  if (rewriteAuthority !== undefined && request.authority !== undefined) {
    report(
      "host-set-twice",
      [...path, "headers", "request", "set"],
      "the authority header cannot be set multiple times",
      "keep rewrite.authority, or the Host header",
    );
  }
  const authority = rewriteAuthority ?? request.authority;
  const listed = route.route ?? [];
  const written = listed.map((to, i) => readDestination(to, [...path, "route", i], authority, surroundings));
  // A lone destination takes everything, whatever its weight, and its headers join the route's in one list; of several,
  // each keeps its own. (istio 1.31, pilot/pkg/networking/core/route/route.go, processDestination)
  const isLone = written.length === 1;
  const destinations = isLone
    ? written.flat().map((to, _, { length }) => ({
        ...to,
        weight: 100 / length,
        request: bothChanges(request.change, to.request),
        response: bothChanges(response, to.response),
      }))
    : written.flat().filter(({ weight }) => weight > 0);
  const totalWeight = destinations.reduce((sum, { weight }) => sum + weight, 0);
  if (written.length > 0 && totalWeight === 0)
    report(
      "weights-zero",
      [...path, "route"],
      "the destinations' weights sum to 0",
      "give one of them a weight",
    );
  return {
    kind: "forward",
    destinations,
    totalWeight,
    rewriteUri: route.rewrite?.uri,
    rewriteRegex: readRegexRewrite(route, [...path, "rewrite"], report),
    fault: readFault(route.fault, [...path, "fault"], report),
    mirrors: readMirrors(route, path, surroundings),
    timeoutMs: milliseconds(route.timeout),
    retry: readRetry(route, [...path, "retries"], report),
    request: isLone ? NO_CHANGE : request.change,
    response: isLone ? NO_CHANGE : response,
  };
}

function readRegexRewrite({ rewrite }: HTTPRoute, path: FieldPath, report: Report): RegexRewrite | undefined {
  const written = rewrite?.uriRegexRewrite;
  if (written === undefined) return undefined;
  if (rewrite?.uri !== undefined)
    report(
      "rewrite-fields",
      [...path, "uriRegexRewrite"],
      "a path is rewritten by uri or by uriRegexRewrite",
      "remove one of them",
    );
  const regex = { pattern: written.match, substitution: written.rewrite };
  const wrong = regexProblem(regex.pattern);
  if (wrong !== undefined) {
    const message = `this is not a regular expression that RE2 knows: ${wrong}`;
    report("regex", [...path, "uriRegexRewrite", "match"], message);
    return undefined;
  }
  const unknown = substitutionProblem(regex);
  if (unknown !== undefined) report("rewrite-substitution", [...path, "uriRegexRewrite", "rewrite"], unknown);
  return regex;
}
