import type { CheckResult } from "../../cluster/verify/check.ts";
import type { Style } from "../style.ts";

/** Draws checks as a table, each with the observed value, and with the expected one if it differs. */
export function drawChecks(results: readonly CheckResult[], style: Style): string[] {
  const lines: string[] = [];
  let group: string | undefined;
  const width = Math.max(0, ...results.map(({ name }) => Bun.stringWidth(name)));
  for (const result of results) {
    if (result.group !== group) {
      if (group !== undefined) lines.push("");
      lines.push(style.bold(result.group));
      group = result.group;
    }
    const mark = result.ok ? style.good("ok    ") : style.bad("FAILED");
    const name = result.name + " ".repeat(width - Bun.stringWidth(result.name));
    const expected =
      result.ok && result.seen === result.expected ? "" : style.dim(`  expected ${result.expected}`);
    lines.push(`  ${mark}  ${name}  ${result.seen}${expected}`);
  }
  const failed = results.filter(({ ok }) => !ok).length;
  const total = `${results.length - failed} of ${results.length} checks hold`;
  lines.push("", failed === 0 ? style.good(total) : style.bad(`${total}, ${failed} failed`));
  return lines;
}
