import { compiled, ndtri } from "cephes";
import { zero } from "./zero.ts";

await compiled;

/** The shift of an experiment relative to a control: the Hodges-Lehmann estimate and its confidence interval. */
export interface Shift {
  low: number;
  high: number;
  estimate: number;
}

/**
 * The confidence interval of the rank sum test of Mann and Whitney, by the normal approximation with corrections for ties
 * and continuity, as in R's `wilcox.test` and in Kayenta. The lists must not be empty, and not all values equal.
 * @param level of confidence, such as 0.98
 */
export function mannWhitney(experiment: readonly number[], control: readonly number[], level: number): Shift {
  const least = Math.min(...experiment) - Math.max(...control);
  const most = Math.max(...experiment) - Math.min(...control);
  const quantile = ndtri(1 - (1 - level) / 2);
  const z = (shift: number): number => score(experiment, control, shift);
  // If the score does not change its sign, the interval ends at the largest possible shift.
  const end = (at: number): number => {
    if (z(least) - at <= 0) return least;
    return z(most) - at >= 0 ? most : zero((shift) => z(shift) - at, least, most);
  };
  return { low: end(quantile), high: end(-quantile), estimate: zero(z, least, most) };
}

/** The standardised rank sum of the experiment moved down by `shift`. */
function score(experiment: readonly number[], control: readonly number[], shift: number): number {
  const m = experiment.length;
  const n = control.length;
  const size = m + n;
  const values = new Float64Array(size);
  for (let i = 0; i < m; i++) values[i] = (experiment[i] as number) - shift;
  for (let i = 0; i < n; i++) values[m + i] = control[i] as number;
  const sorted = values.slice().sort();
  const rankOf = new Map<number, number>();
  let ties = 0;
  for (let i = 0; i < size;) {
    let j = i + 1;
    while (j < size && sorted[j] === sorted[i]) j++;
    const alike = j - i;
    ties += alike ** 3 - alike;
    rankOf.set(sorted[i] as number, (i + 1 + j) / 2);
    i = j;
  }
  let sum = 0;
  for (let i = 0; i < m; i++) sum += rankOf.get(values[i] as number) ?? 0;
  const above = sum - (m * (m + 1)) / 2 - (m * n) / 2;
  const deviation = Math.sqrt(((m * n) / 12) * (size + 1 - ties / (size * (size - 1))));
  return (above - 0.5 * Math.sign(above)) / deviation;
}
