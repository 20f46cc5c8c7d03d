import { relative, resolve, sep } from "node:path";
import type { Problem } from "../../manifests/problem.ts";

/**
 * Formats findings as workflow commands of GitHub Actions, one per line, which GitHub shows next to the changed
 * lines. Source: GitHub Docs, "Workflow commands for GitHub Actions"; the escapes are those of `@actions/core`.
 * @param root the base of the file names: the top of the repository
 * @param here the folder that the findings' file names are relative to
 */
export function githubAnnotations(
  findings: readonly Pick<Problem, "code" | "severity" | "at" | "field" | "message" | "fix">[],
  { root, here }: { root: string; here: string },
): string[] {
  return findings.map(({ code, severity, at, field, message, fix }) => {
    const file = relative(root, resolve(here, at.file)).split(sep).join("/");
    const properties = Object.entries({ file, line: at.line, col: at.column, title: code })
      .map(([name, value]) => `${name}=${escapedProperty(String(value))}`)
      .join(",");
    const said = `${field === "" ? "" : `${field}: `}${message}${fix === undefined ? "" : `\n${fix}`}`;
    return `::${severity} ${properties}::${escaped(said)}`;
  });
}

function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapedProperty(text: string): string {
  return escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
