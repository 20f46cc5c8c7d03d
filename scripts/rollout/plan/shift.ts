import type { Target } from "./targets.ts";

/**
 * The split that gives one entry this share, in whole percents. The others keep their shares of the rest in
 * proportion, rounded by largest remainders, so that the sum is 100. Tags and order stay.
 * @param index the entry of the candidate
 * @param percent from 0 to 100
 */
export function shift(targets: readonly Target[], index: number, percent: number): Target[] {
  const candidate = targets[index]?.revision;
  // Other entries of the candidate's revision would give it more than its share.
  const others = targets.map((target, i) =>
    i === index || target.revision === candidate ? 0 : target.percent,
  );
  const shared = apportion(others, 100 - percent);
  return targets.map((target, i) => ({ ...target, percent: i === index ? percent : (shared[i] ?? 0) }));
}

/** Whole numbers in proportion to the weights, which sum to the total (Hamilton's method of largest remainders). */
function apportion(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (weight * total) / sum);
  const parts = exact.map(Math.floor);
  const left = total - parts.reduce((all, part) => all + part, 0);
  const byRemainder = exact
    .map((value, i) => ({ i, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.i - b.i);
  for (const { i } of byRemainder.slice(0, Math.round(left))) parts[i] = (parts[i] ?? 0) + 1;
  return parts;
}
