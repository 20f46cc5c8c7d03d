import { InvalidArgumentError } from "commander";
import { type Criterion, readCriterion } from "../../shadow/criteria.ts";

/** Parses a probability: `0.01` or `1%`. */
export function probability(text: string): number {
  const value = text.endsWith("%") ? numberOf(text.slice(0, -1)) / 100 : numberOf(text);
  if (value > 0 && value <= 0.5) return value;
  throw new InvalidArgumentError("A probability above 0 and at most 0.5 is expected, such as 0.01 or 1%.");
}

/** Parses a share of requests: `0.001` or `0.1%`. */
export function shareOfRequests(text: string): number {
  const value = text.endsWith("%") ? numberOf(text.slice(0, -1)) / 100 : numberOf(text);
  if (value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("A share of requests from 0 to below 1 is expected, such as 0.001 or 0.1%.");
}

/** Parses a tolerated increase: `25%` more, or `1.25` times as much. Either is 0.25. */
export function surplus(text: string): number {
  const value = text.endsWith("%") ? numberOf(text.slice(0, -1)) / 100 : numberOf(text) - 1;
  // 1.1 - 1 is not 0.1.
  if (value >= 0 && value <= 1000) return Number(value.toPrecision(12));
  throw new InvalidArgumentError("An increase is expected, such as 25% or 1.25 (times).");
}

/** Parses a time such as `90s`, `5m` or `1h` into milliseconds; a number without a unit is seconds. */
export function duration(text: string): number {
  const [, number, unit = "s"] = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(number) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as "ms" | "s" | "m" | "h"];
  if (!(ms > 0)) throw new InvalidArgumentError("A time such as 90s or 5m is expected.");
  return ms;
}

/** Parses a rate in requests per second. */
export function perSecond(text: string): number {
  const rps = Number(text);
  if (rps > 0 && rps <= 100_000) return rps;
  throw new InvalidArgumentError("A number above 0 is expected, at most 100000.");
}

/** Parses a share of requests in percent: `10` or `10%`. */
export function sharePercent(text: string): number {
  const value = Number(text.replace(/%$/, ""));
  if (value > 0 && value <= 100) return value;
  throw new InvalidArgumentError("A percentage above 0 and at most 100 is expected.");
}

/** Adds an `--accept` limit. */
export function criterion(text: string, before: readonly Criterion[]): Criterion[] {
  const found = readCriterion(text);
  if (found !== undefined) return [...before, found];
  throw new InvalidArgumentError(
    "A limit such as FIELD.fail<0.1% is expected, of fail, pass, mismatch or found, above 0 and below 100 %.",
  );
}

function numberOf(text: string): number {
  return /^[0-9]*\.?[0-9]+(e-?[0-9]+)?$/i.test(text) ? Number(text) : Number.NaN;
}
