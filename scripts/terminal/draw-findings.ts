import type { Style } from "./style.ts";

/** The drawn fields of a finding. */
interface DrawnFinding {
  code: string;
  severity: "error" | "warning";
  at: { file: string; line: number; column: number };
  field: string;
  message: string;
  fix?: string | undefined;
  repairs: readonly unknown[];
}

/** Draws findings, each on a line that editors and CI systems turn into a link, and their number. */
export function drawFindings(findings: readonly DrawnFinding[], style: Style): string[] {
  const lines = findings.flatMap(({ code, severity, at, field, message, fix }) => {
    const mark = severity === "error" ? style.bad(severity) : style.warn(severity);
    const where = `${at.file}:${at.line}:${at.column}`;
    const said = `${where}: ${mark}: ${field === "" ? "" : `${field}: `}${message} ${style.dim(`[${code}]`)}`;
    return fix === undefined ? [said] : [said, `    ${fix}`];
  });
  const fixable = findings.filter(({ repairs }) => repairs.length > 0).length;
  const hint = fixable === 0 ? "" : `; --fix repairs ${fixable}`;
  return [...lines, summary(findings) + hint];
}

/** The table of codes: what each means, and below it how to fix it. */
export function drawCodes(
  codes: readonly { code: string; severity: "error" | "warning"; means: string; fix: string }[],
  style: Style,
): string[] {
  const width = Math.max(...codes.map(({ code }) => code.length));
  return codes.flatMap(({ code, severity, means, fix }) => {
    const mark = severity === "error" ? style.bad(severity.padEnd(7)) : style.warn(severity);
    const indent = " ".repeat(width + 11);
    return [`${style.bold(code.padEnd(width))}  ${mark}  ${means}`, `${indent}${style.dim(`fix: ${fix}`)}`];
  });
}

function summary(findings: readonly DrawnFinding[]): string {
  if (findings.length === 0) return "nothing found";
  const count = (severity: string): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [count("error"), count("warning")];
  return `${errors} ${errors === 1 ? "error" : "errors"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}`;
}
