import type { Style } from "./style.ts";

/** What is drawn of a finding. */
interface DrawnFinding {
  rule: string;
  severity: "error" | "warning";
  at: { file: string; line: number; column: number };
  field: string;
  message: string;
  fix: string | undefined;
  repairs: readonly unknown[];
}

/** Findings, each on a line that editors and CI systems turn into a link, and how many there are. */
export function drawFindings(findings: readonly DrawnFinding[], style: Style): string[] {
  const lines = findings.flatMap(({ rule, severity, at, field, message, fix }) => {
    const mark = severity === "error" ? style.bad(severity) : style.warn(severity);
    const where = `${at.file}:${at.line}:${at.column}`;
    const said = `${where}: ${mark}: ${field === "" ? "" : `${field}: `}${message} ${style.dim(`[${rule}]`)}`;
    return fix === undefined ? [said] : [said, `    ${fix}`];
  });
  const fixable = findings.filter(({ repairs }) => repairs.length > 0).length;
  const hint = fixable === 0 ? "" : `; --fix repairs ${fixable}`;
  return [...lines, summary(findings) + hint];
}

/** The rules, one a line. */
export function drawRules(
  rules: readonly { id: string; severity: "error" | "warning"; why: string }[],
  style: Style,
): string[] {
  const width = Math.max(...rules.map(({ id }) => id.length));
  return rules.map(({ id, severity, why }) => {
    const mark = severity === "error" ? style.bad(severity.padEnd(7)) : style.warn(severity);
    return `${style.bold(id.padEnd(width))}  ${mark}  ${why}`;
  });
}

function summary(findings: readonly DrawnFinding[]): string {
  if (findings.length === 0) return "nothing found";
  const count = (severity: string): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [count("error"), count("warning")];
  return `${errors} ${errors === 1 ? "error" : "errors"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}`;
}
