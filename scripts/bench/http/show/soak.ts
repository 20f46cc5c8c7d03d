import { count, counted, digits, percent, rate } from "../../../format.ts";
import type { SoakReport } from "../soak.ts";

/** Draws a soak as text. */
export function drawSoak(report: SoakReport): string {
  const width = Math.max(0, ...report.memory.map(({ process }) => process.length));
  const memory = report.memory.map(({ process, before, after, growth }) => {
    const sign = growth < 0 ? "−" : "+";
    return `  ${process.padEnd(width)}  ${digits(before)} → ${digits(after)} MiB  ${sign}${percent(Math.abs(growth))}`;
  });
  return [
    `${report.passed ? "passed" : "FAILED"}: ${counted(report.requests, "request")} in ${report.seconds} s at ${rate(report.rps)} (${percent(report.rps / report.mostRps)} of ${rate(report.mostRps)}), ${count(report.failed)} failed`,
    ...report.reasons.map((reason) => `  ${reason}`),
    "memory, once warm and at the end",
    ...memory,
  ].join("\n");
}
