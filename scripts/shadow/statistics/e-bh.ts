/**
 * Returns the hypotheses that are rejected together, so that the expected share of false ones among them is at most
 * `level`, for any dependence between the e-values: the e-Benjamini-Hochberg procedure (Wang and Ramdas, False
 * discovery rate control with e-values, JRSS-B 2022). Valid at any stopping time if each value comes from an
 * e-process.
 * @param logs the logarithms of the e-values
 * @returns the indices of the rejected ones
 */
export function eBenjaminiHochberg(logs: readonly number[], level: number): number[] {
  const ordered = [...logs.keys()].sort((a, b) => (logs[b] ?? 0) - (logs[a] ?? 0));
  let rejected = 0;
  for (const [i, index] of ordered.entries()) {
    const needed = Math.log(logs.length / (level * (i + 1)));
    if ((logs[index] ?? 0) >= needed) rejected = i + 1;
  }
  return ordered.slice(0, rejected).sort((a, b) => a - b);
}
