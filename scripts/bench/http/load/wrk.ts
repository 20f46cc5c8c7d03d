import type { LoadFigures } from "./load.ts";

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Parses the output of `wrk --latency`; undefined if it is something else. */
export function parseWrk(text: string): LoadFigures | undefined {
  const requests = /^\s*([0-9]+) requests in /m.exec(text)?.[1];
  const rps = /^Requests\/sec:\s+([0-9.]+)/m.exec(text)?.[1];
  const p50 = percentile(text, 50);
  const p99 = percentile(text, 99);
  if (requests === undefined || rps === undefined || p50 === undefined || p99 === undefined) return undefined;
  const refused = Number(/Non-2xx or 3xx responses: ([0-9]+)/.exec(text)?.[1] ?? 0);
  const broken = /Socket errors: connect ([0-9]+), read ([0-9]+), write ([0-9]+), timeout ([0-9]+)/.exec(
    text,
  );
  const failed = (broken?.slice(1) ?? []).reduce((sum, count) => sum + Number(count), refused);
  return { requests: Number(requests), rps: Number(rps), p50, p99, failed };
}

function percentile(text: string, percent: number): number | undefined {
  const [, value, unit = ""] = new RegExp(`^\\s+${percent}%\\s+([0-9.]+)(us|ms|s|m)$`, "m").exec(text) ?? [];
  return value === undefined ? undefined : Number(value) * (UNIT_MS[unit] ?? Number.NaN);
}
