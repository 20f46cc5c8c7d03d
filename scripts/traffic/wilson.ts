/** The normal quantile of a two-sided 99.9 % interval. */
const Z = 3.2905;

/** The confidence of the interval of `wilson`: the fraction of intervals that contain the true value. */
export const CONFIDENCE = 0.999;

/**
 * Returns Wilson's score interval for a proportion (Wilson 1927, JASA 22:209-212); the whole range if nothing was
 * counted.
 */
export function wilson(count: number, all: number): { low: number; high: number } {
  if (all === 0) return { low: 0, high: 1 };
  const p = count / all;
  const z2 = Z * Z;
  const middle = (p + z2 / (2 * all)) / (1 + z2 / all);
  const half = (Z / (1 + z2 / all)) * Math.sqrt((p * (1 - p)) / all + z2 / (4 * all * all));
  // Rounding would leave a bound such as 1e-17.
  return {
    low: count === 0 ? 0 : Math.max(0, middle - half),
    high: count === all ? 1 : Math.min(1, middle + half),
  };
}
