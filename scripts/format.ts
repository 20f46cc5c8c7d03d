/** A whole number in groups of three: `12 345`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** A count with its noun: `1 request`, `12 345 requests`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A fraction as percent, to three digits; `–` if there is none. @param part from 0 to 1 */
export function percent(part: number | null | undefined): string {
  return part === null || part === undefined ? NONE : `${digits(part * 100)} %`;
}

/** Milliseconds, to three digits; `–` if there are none. */
export function ms(value: number | null): string {
  if (value === null) return NONE;
  return value >= 10_000 ? `${digits(value / 1000)} s` : `${digits(value)} ms`;
}

/** A rate per second, to three digits. */
export function rate(perSecond: number): string {
  return `${perSecond < 1_000 ? digits(perSecond) : count(perSecond)}/s`;
}

/** A duration in milliseconds, rounded: `12 s`, `4 min`, `2 h`. */
export function time(value: number): string {
  if (!Number.isFinite(value)) return "more than a day";
  if (value < 1_000) return value < 100 ? "at once" : "1 s";
  if (value < 120_000) return `${Math.round(value / 1_000)} s`;
  return value < 7_200_000 ? `${Math.round(value / 60_000)} min` : `${Math.round(value / 3_600_000)} h`;
}

/** An elapsed duration in milliseconds: `59 s`, `5 min`, `1 h 2 min`. */
export function passed(value: number): string {
  const seconds = Math.max(0, Math.round(value / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number to three significant digits. */
export function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

const NONE = "–";
