import type { FieldPath } from "../../manifests/document.ts";
import type { StringMatch } from "../../traffic/table.ts";
import type { Report } from "../field-family.ts";
import { regexProblem } from "./match.ts";
import type { StringMatch as YamlStringMatch, ValueMatch as YamlValueMatch } from "./schema.ts";

/** Compiles how a string is compared; a regular expression that RE2 does not know is reported. */
export function compileStringMatch(report: Report, match: YamlValueMatch, path: FieldPath): StringMatch;
export function compileStringMatch(
  report: Report,
  match: YamlStringMatch | undefined,
  path: FieldPath,
): StringMatch | undefined;
export function compileStringMatch(
  report: Report,
  match: YamlStringMatch | undefined,
  path: FieldPath,
): StringMatch | undefined {
  if (match?.exact !== undefined) return { kind: "exact", value: match.exact };
  if (match?.prefix !== undefined) return { kind: "prefix", value: match.prefix };
  if (match?.regex === undefined) return undefined;
  const wrong = regexProblem(match.regex);
  if (wrong !== undefined)
    report("regex", [...path, "regex"], `this is not a regular expression in RE2 syntax: ${wrong}`);
  return { kind: "regex", value: match.regex };
}
