import type { SoakReport } from "../soak.ts";

/** Draws a soak as text. */
export function drawSoak(report: SoakReport): string {
  const width = Math.max(0, ...report.memory.map(({ process }) => process.length));
  const memory = report.memory.map(({ process, before, after, growth }) => {
    const sign = growth < 0 ? "−" : "+";
    return `  ${process.padEnd(width)}  ${before.toFixed(1)} → ${after.toFixed(1)} MiB  ${sign}${Math.abs(growth * 100).toFixed(1)} %`;
  });
  return [
    `${report.passed ? "passed" : "FAILED"}: ${report.requests} requests in ${report.seconds} s at ${report.rps}/s (${Math.round((100 * report.rps) / report.mostRps)} % of ${Math.round(report.mostRps)}/s), ${report.failed} failed`,
    ...report.reasons.map((reason) => `  ${reason}`),
    "memory, once warm and at the end",
    ...memory,
  ].join("\n");
}
