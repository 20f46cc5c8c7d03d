import { compiled, incbet, lbeta } from "cephes";
import type { Estimate } from "../types.ts";

// The special functions are WebAssembly, which is compiled once when this module is loaded.
await compiled;

/** Jeffreys' prior, Beta(1/2, 1/2): short intervals for probabilities near 0, which are typical of errors. */
const PRIOR = 0.5;

/**
 * Returns the logarithm of an e-value against "at each request the probability is at least `limit`", after `hits` of
 * `total`: a mixture of likelihood ratios over the probabilities below the limit (Robbins 1970, the method of
 * mixtures). It is an e-process in `total`.
 */
export function logBelow(total: number, hits: number, limit: number): number {
  if (total === 0 || limit <= 0) return 0;
  if (limit >= 1) limit = 1 - 1e-12;
  const a = PRIOR + hits;
  const b = PRIOR + total - hits;
  const inside = incbet(a, b, limit);
  // There is no evidence, and the value is too small for computations; reporting less evidence keeps it valid.
  if (inside < 1e-280) return Number.NEGATIVE_INFINITY;
  const mixture =
    lbeta(a, b) + Math.log(inside) - lbeta(PRIOR, PRIOR) - Math.log(incbet(PRIOR, PRIOR, limit));
  return mixture - logLikelihood(total, hits, limit);
}

/** As `logBelow`, against "at each request the probability is at most `limit`". */
export function logAbove(total: number, hits: number, limit: number): number {
  return limit <= 0 ? (hits > 0 ? Number.POSITIVE_INFINITY : 0) : logBelow(total, total - hits, 1 - limit);
}

/**
 * Estimates the probability behind `hits` of `total`, with an interval that holds at all totals simultaneously with
 * probability 1 - level: the probabilities against which the beta-binomial mixture is not evidence of 1/level
 * (Howard, Ramdas, McAuliffe, Sekhon: Time-uniform, nonparametric, nonasymptotic confidence sequences, 2021).
 */
export function proportion(total: number, hits: number, level: number): Estimate {
  if (total === 0) return { low: 0, value: Number.NaN, high: 1 };
  const value = hits / total;
  const mixture = lbeta(PRIOR + hits, PRIOR + total - hits) - lbeta(PRIOR, PRIOR);
  const refuted = (p: number): boolean => mixture - logLikelihood(total, hits, p) >= -Math.log(level);
  return {
    low: hits === 0 ? 0 : border(refuted, 0, value),
    value,
    high: hits === total ? 1 : border(refuted, 1, value),
  };
}

/** Returns the boundary between refuted probabilities, from `end`, and `value`, which is not refuted. */
function border(refuted: (p: number) => boolean, end: number, value: number): number {
  let outside = end;
  let inside = value;
  for (let i = 0; i < 60; i++) {
    const middle = (outside + inside) / 2;
    if (refuted(middle)) outside = middle;
    else inside = middle;
  }
  return outside;
}

function logLikelihood(total: number, hits: number, p: number): number {
  const hit = hits === 0 ? 0 : hits * Math.log(p);
  const miss = hits === total ? 0 : (total - hits) * Math.log1p(-p);
  return hit + miss;
}
