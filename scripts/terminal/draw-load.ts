import { count, ms, percent } from "../format.ts";
import type { LoadSummary } from "../load/report.ts";
import type { Style } from "./style.ts";

/** The progress of a load, as one line. */
export function drawLoadLine(summary: LoadSummary, style: Style): string {
  const { requests, failed, seconds, rate, latencyMs, revisions } = summary;
  const parts = [
    `${Math.floor(seconds)} s`,
    `${count(requests)} requests`,
    `${rate.toFixed(1)}/s`,
    failed === 0 ? "0 failed" : style.bad(`${count(failed)} failed (${percent(failed / requests)})`),
    ...(latencyMs === undefined ? [] : [`median ${ms(latencyMs.p50)}, 99 % ${ms(latencyMs.p99)}`]),
    ...revisions.map(({ revision, share }) => `${revision} ${percent(share)}`),
  ];
  return parts.join(style.dim("  "));
}

/** The result of a load, line by line. */
export function drawLoadSummary(url: string, summary: LoadSummary, style: Style): string[] {
  const { requests, failed, seconds, rate, latencyMs, statuses, reasons, revisions } = summary;
  const width = Math.max(0, ...revisions.map(({ revision }) => revision.length));
  const failures = requests === 0 ? "" : ` (${percent(failed / requests)})`;
  return [
    `${style.bold(url)}`,
    `  ${count(requests)} requests in ${seconds.toFixed(1)} s, ${rate.toFixed(1)}/s`,
    `  ${failed === 0 ? style.good("0 failed") : style.bad(`${count(failed)} failed${failures}`)}; by status ${statusText(statuses)}`,
    ...reasons.map(({ reason, count: times }) => `    ${count(times)} × ${reason}`),
    ...(latencyMs === undefined
      ? []
      : [
          `  latency: median ${ms(latencyMs.p50)}, 90 % ${ms(latencyMs.p90)}, 99 % ${ms(latencyMs.p99)}, slowest ${ms(latencyMs.max)}`,
        ]),
    ...revisions.map(({ revision, count: answers, share, low, high }) => {
      const interval = style.dim(`99.9 % interval ${percent(low)} to ${percent(high)}`);
      return `  ${revision.padEnd(width)}  ${percent(share).padStart(7)}  ${count(answers).padStart(count(requests).length)} requests  ${interval}`;
    }),
  ];
}

function statusText(statuses: LoadSummary["statuses"]): string {
  const parts = Object.entries(statuses).map(
    ([status, answers]) => `${status === "0" ? "none" : status}: ${count(answers)}`,
  );
  return parts.length === 0 ? "none" : parts.join(", ");
}
