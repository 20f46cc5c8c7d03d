import type { SplitTarget } from "./split.ts";

/** One target of two splits, in one or in both. */
export interface TargetChange {
  revision: string;
  tag: string | undefined;
  /** Undefined if the target is missing. */
  before: number | undefined;
  after: number | undefined;
}

/** Both splits target by target, in the order of the first, then of the second. */
export function diffSplits(before: readonly SplitTarget[], after: readonly SplitTarget[]): TargetChange[] {
  const left = [...after];
  const changes = before.map((target): TargetChange => {
    const i = left.findIndex((other) => isSameTarget(target, other));
    const [found] = i < 0 ? [] : left.splice(i, 1);
    const { revision, tag, percent } = target;
    return { revision, tag, before: percent, after: found?.percent };
  });
  return [
    ...changes,
    ...left.map(({ revision, tag, percent }) => ({ revision, tag, before: undefined, after: percent })),
  ];
}

/**
 * Whether two splits are equal: the same targets with the same percents, in any order. A target without tag and share
 * does not count.
 */
export function sameSplit(a: readonly SplitTarget[], b: readonly SplitTarget[]): boolean {
  const says = ({ tag, percent }: SplitTarget): boolean => tag !== undefined || percent > 0;
  return (
    diffSplits(a.filter(says), b.filter(says)).every(({ before, after }) => before === after) &&
    previews(a) === previews(b)
  );
}

function previews(split: readonly SplitTarget[]): string {
  const all = split.flatMap(({ revision, preview }) =>
    preview === undefined ? [] : [[revision, preview.header, preview.value]],
  );
  return JSON.stringify(all);
}

/** The percent of each revision; the same revision under several targets is summed. */
export function revisionPercents(split: readonly SplitTarget[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { revision, percent } of split) sums.set(revision, (sums.get(revision) ?? 0) + percent);
  return sums;
}

/**
 * The least share of requests, in percent, that reach another revision under the second split than under the first:
 * the total variation distance, half the sum of the absolute differences of the revisions' shares.
 * (Levin, Peres: Markov Chains and Mixing Times, proposition 4.2)
 */
export function changedShare(before: readonly SplitTarget[], after: readonly SplitTarget[]): number {
  const [old, now] = [revisionPercents(before), revisionPercents(after)];
  const revisions = new Set([...old.keys(), ...now.keys()]);
  let sum = 0;
  for (const revision of revisions) sum += Math.abs((old.get(revision) ?? 0) - (now.get(revision) ?? 0));
  return sum / 2;
}

function isSameTarget(a: SplitTarget, b: SplitTarget): boolean {
  return a.revision === b.revision && a.tag === b.tag && a.latest === b.latest;
}
