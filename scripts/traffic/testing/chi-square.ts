/**
 * Returns the deviation of counts from their expected shares (Pearson's chi-square). A share of 0 requires a count of
 * 0.
 */
export function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const whole = shares.reduce((sum, share) => sum + share, 0);
  let distance = 0;
  for (const [i, count] of counts.entries()) {
    const expected = (total * (shares[i] as number)) / whole;
    if (expected > 0) distance += (count - expected) ** 2 / expected;
    else if (count > 0) return Number.POSITIVE_INFINITY;
  }
  return distance;
}

/** Returns the bound of chi-square in 9,999 of 10,000 fair draws (Wilson and Hilferty's approximation). */
export function chiSquareLimit(degreesOfFreedom: number): number {
  const spread = 2 / (9 * degreesOfFreedom);
  return degreesOfFreedom * (1 - spread + 3.719 * Math.sqrt(spread)) ** 3;
}
