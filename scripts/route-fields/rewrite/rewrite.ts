import Type from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { strict } from "../../schema/schema.ts";
import type { ForwardAction, RegexRewrite, RequestMatch } from "../../traffic/table.ts";
import type { HTTPRoute } from "../families.ts";
import type { FieldFamily, Report } from "../field-family.ts";
import { pathOf, regex, regexProblem } from "../match/match.ts";
import { Authority, Path } from "../../schema/route-schema.ts";

/** How a rule rewrites the requests that it forwards. */
export const Rewrite = strict(
  {
    uri: Type.Optional(Path),
    authority: Type.Optional(Authority),
    uriRegexRewrite: Type.Optional(
      strict({
        match: Type.String({ minLength: 1, maxLength: 1024 }),
        rewrite: Type.String({ minLength: 1 }),
      }),
    ),
  },
  { minProperties: 1, expected: "uri or uriRegexRewrite, authority, or both" },
);

/** `rewrite`: another path, or another Host (which destinations carry), for the requests that are forwarded. */
export const rewriteFamily = {
  fields: { rewrite: Type.Optional(Rewrite) },
  onlyForwarding: true,
  compared: { forward: ["rewriteUri", "rewriteRegex"] },
} satisfies FieldFamily;

/** Compiles how a rule rewrites paths. */
export function compileRewrite(
  { rewrite }: HTTPRoute,
  path: FieldPath,
  report: Report,
): Pick<ForwardAction, "rewriteUri" | "rewriteRegex"> {
  return { rewriteUri: rewrite?.uri, rewriteRegex: readRegexRewrite(rewrite, path, report) };
}

function readRegexRewrite(
  rewrite: HTTPRoute["rewrite"],
  path: FieldPath,
  report: Report,
): RegexRewrite | undefined {
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
    const message = `this is not a regular expression in RE2 syntax: ${wrong}`;
    report("regex", [...path, "uriRegexRewrite", "match"], message);
    return undefined;
  }
  const unknown = substitutionProblem(regex);
  if (unknown !== undefined) report("rewrite-substitution", [...path, "uriRegexRewrite", "rewrite"], unknown);
  return regex;
}

/** Envoy's prefix_rewrite: of a prefix match the prefix is replaced, of an exact or regex match the whole path. */
export function rewritten(uri: string, match: RequestMatch | true, target: string): string {
  const path = pathOf(target);
  const query = target.slice(path.length);
  // Without a match on the uri, istiod writes one for the prefix /.
  const matched = match === true ? undefined : match.uri;
  if (matched === undefined) return uri + path.slice(1) + query;
  return uri + (matched.kind === "prefix" ? path.slice(matched.value.length) : "") + query;
}

/** Whether a rewrite may put a query into the path, so that a later rule reads both differently. */
export function mayAddQuery({ rewriteUri = "", rewriteRegex }: ForwardAction): boolean {
  return /[?#]/.test(rewriteUri + (rewriteRegex?.substitution ?? ""));
}

/** Envoy's regex_rewrite: every match in the path, which is not held to the whole of it; the query stays. */
export function regexRewritten({ pattern, substitution }: RegexRewrite, target: string): string {
  const path = pathOf(target);
  const matcher = regex(pattern).matcher(path);
  let text = "";
  let done = 0;
  for (let at = 0; at <= path.length && matcher.find(at);) {
    const [start, end] = [matcher.start(), matcher.end()];
    at = end > start ? end : end + 1;
    // As RE2 has it, nothing is no match right behind one. (re2, RE2::GlobalReplace)
    if (start === end && start === done && done > 0) continue;
    text += path.slice(done, start) + filledIn();
    done = end;
  }
  return text + path.slice(done) + target.slice(path.length);

  function filledIn(): string {
    return substitution.replace(/\\([0-9\\])/g, (_, escaped: string) =>
      escaped === "\\" ? "\\" : (matcher.group(Number(escaped)) ?? ""),
    );
  }
}

/** Returns the fault of a substitution for this pattern, which must be valid; or undefined. */
export function substitutionProblem({ pattern, substitution }: RegexRewrite): string | undefined {
  const groups = regex(pattern).groupCount();
  for (const [escape, escaped = ""] of substitution.matchAll(/\\(.?)/g)) {
    if (escaped === "\\") continue;
    if (!/^[0-9]$/.test(escaped))
      return `${JSON.stringify(escape)} is not a group, which is \\0 to \\9, nor \\\\ for a backslash`;
    if (Number(escaped) > groups) return `there is no group ${escaped} in the pattern`;
  }
  return undefined;
}
