/** A whole number in groups of three: `12 345`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** A part as percent, to three digits. @param part from 0 to 1 */
export function percent(part: number): string {
  return `${digits(part * 100)} %`;
}

/** Milliseconds, to three digits. */
export function ms(value: number): string {
  return value >= 10_000 ? `${digits(value / 1000)} s` : `${digits(value)} ms`;
}

/** A span of milliseconds as people say it: `12 s`, `4 min`, `2 h`. */
export function time(value: number): string {
  if (!Number.isFinite(value)) return "more than a day";
  if (value < 1_000) return value < 100 ? "at once" : "1 s";
  if (value < 120_000) return `${Math.round(value / 1_000)} s`;
  return value < 7_200_000 ? `${Math.round(value / 60_000)} min` : `${Math.round(value / 3_600_000)} h`;
}

/** A number to three significant digits. */
export function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
