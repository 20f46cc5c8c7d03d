import Type, { type Static } from "typebox";
import type { SplitTarget } from "../../traffic/split/split.ts";

/** An entry of a recorded split: like {@link SplitTarget}, with null for no tag. */
export const Target = Type.Object({
  revision: Type.String(),
  tag: Type.Union([Type.String(), Type.Null()]),
  percent: Type.Number(),
  latest: Type.Boolean(),
  /** Requests with this header reach it regardless of the percents. */
  preview: Type.Optional(Type.Object({ header: Type.String(), value: Type.String() })),
});
export type Target = Static<typeof Target>;

/** Converts the entries of a live split to their recorded form. */
export function toTargets(targets: readonly SplitTarget[]): Target[] {
  return targets.map(({ revision, tag, percent, latest, preview }) => ({
    ...{ revision, tag: tag ?? null, percent, latest },
    ...(preview === undefined ? {} : { preview }),
  }));
}

/** Converts recorded entries to the engine's form. */
export function toSplit(targets: readonly Target[]): SplitTarget[] {
  return targets.map(({ revision, tag, percent, latest, preview }) => ({
    ...{ revision, tag: tag ?? undefined, percent, latest },
    ...(preview === undefined ? {} : { preview }),
  }));
}

/**
 * Whether two splits are equal: the same entries with the same fields in any order, because a cluster may reorder
 * them. Empty entries (no tag, no share) do not count: an engine may drop them.
 */
export function sameTargets(a: readonly Target[], b: readonly Target[]): boolean {
  const [left, right] = [keysOf(a), keysOf(b)];
  return left.length === right.length && left.every((key, i) => key === right[i]);
}

/** Returns the share of a revision in a split, in percent. */
export function percentOf(targets: readonly Target[], revision: string): number {
  return targets.reduce((sum, target) => sum + (target.revision === revision ? target.percent : 0), 0);
}

/** Formats a split: `basic=90 advanced=10`. */
export function describeTargets(targets: readonly Target[]): string {
  return targets
    .map((target) => {
      const { preview } = target;
      const by = preview === undefined ? "" : ` (${preview.header}: ${preview.value})`;
      return `${nameOf(target)}=${target.percent}${by}`;
    })
    .join(" ");
}

/** Returns the display name of an entry: its tag, else its revision. */
export function nameOf({ tag, revision }: Target): string {
  return tag ?? revision;
}

function keysOf(targets: readonly Target[]): string[] {
  return targets
    .filter(({ tag, percent, preview }) => tag !== null || percent > 0 || preview !== undefined)
    .map(({ revision, tag, percent, latest, preview }) =>
      JSON.stringify([revision, tag, percent, latest, preview?.header, preview?.value]),
    )
    .sort();
}

/**
 * Returns the split in which one entry has this share. The others keep their proportions, rounded by largest
 * remainders, so that the sum is 100. Tags and order do not change.
 * @param index the entry of the candidate
 * @param percent from 0 to 100
 * @param step the smallest difference of two percents: 1, or a fraction such as 0.01
 */
export function shift(
  targets: readonly Target[],
  index: number,
  percent: number,
  step: number = 1,
): Target[] {
  const candidate = targets[index]?.revision;
  // Other entries of the candidate's revision would increase its share.
  const others = targets.map((target, i) =>
    i === index || target.revision === candidate ? 0 : target.percent,
  );
  // Sums of fractions are inexact; integers are not.
  const steps = Math.round(1 / step);
  const shared = apportion(others, Math.round((100 - percent) * steps));
  return targets.map((target, i) => ({
    ...target,
    percent: i === index ? percent : (shared[i] ?? 0) / steps,
  }));
}

/** Whether a percent is a multiple of a step, within the precision of binary fractions. */
export function isMultiple(percent: number, step: number): boolean {
  const steps = percent / step;
  return Math.abs(steps - Math.round(steps)) < 1e-6;
}

/** Returns integers in proportion to the weights that sum to the total (Hamilton's method of largest remainders). */
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
