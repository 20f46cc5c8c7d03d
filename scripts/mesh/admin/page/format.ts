/** A share from 0 to 1 in percent, with one decimal except at 0 and 100 %. */
export function percentText(share: number): string {
  const percent = 100 * share;
  return `${percent === 0 || percent === 100 ? percent : percent.toFixed(1)} %`;
}

/** A planned percentage, with at most two decimals. */
export function plannedText(percent: number): string {
  return `${Math.round(percent * 100) / 100} %`;
}

/** Milliseconds with a unit; seconds from 1000 ms on. */
export function msText(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Requests per second. */
export function rateText(rate: number): string {
  return `${rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate)}/s`;
}

/** A count with its noun, as in `1 request` and `2 requests`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/** A duration in whole seconds, minutes or hours. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The share of failed requests, from 0 to 1; undefined without requests. */
export function errorShare({ requests, errors }: { requests: number; errors: number }): number | undefined {
  return requests === 0 ? undefined : errors / requests;
}
