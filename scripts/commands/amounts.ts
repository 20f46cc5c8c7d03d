import { InvalidArgumentError } from "commander";

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

/** Parses how much more is tolerated: `25%` more, or `1.25` times as much. Either is 0.25. */
export function surplus(text: string): number {
  const value = text.endsWith("%") ? numberOf(text.slice(0, -1)) / 100 : numberOf(text) - 1;
  // 1.1 - 1 is not 0.1.
  if (value >= 0 && value <= 1000) return Number(value.toPrecision(12));
  throw new InvalidArgumentError("How much more is expected, such as 25% (more), or 1.25 (times as much).");
}

function numberOf(text: string): number {
  return /^[0-9]*\.?[0-9]+(e-?[0-9]+)?$/i.test(text) ? Number(text) : Number.NaN;
}
