/** Buckets have four digits, so that a share can be set to a hundredth of a percent. */
const DIGITS = 4;

/** The number of buckets. */
export const BUCKETS = 10 ** DIGITS;

/** The share of one bucket, in percent: the smallest step of a split by buckets. */
export const BUCKET_PERCENT = 100 / BUCKETS;

/** A range of buckets from 0 to 9999, both ends included. */
export interface BucketRange {
  readonly from: number;
  readonly to: number;
}

/** Formats a bucket as in a header. */
export const bucketName = (bucket: number): string => String(bucket).padStart(DIGITS, "0");

/** Whether the value of a header is a bucket. */
export const isBucket = (value: string): boolean => /^[0-9]{4}$/.test(value);

/**
 * Returns the buckets of each target by its percent; undefined if it has none. The last target begins at 0000, and
 * each earlier one follows it: a target that is listed later keeps its buckets when its share grows, so a step of a
 * rollout takes no applicant back.
 * @param percents sum to 100, in steps of a hundredth
 */
export function rangesFor(percents: readonly number[]): (BucketRange | undefined)[] {
  let next = 0;
  const fromLast = percents.toReversed().map((percent, i) => {
    const from = next;
    // Repeated sums of percents such as 33.33 would drift; the first target gets the remainder.
    next = i === percents.length - 1 ? BUCKETS : from + Math.round((percent / 100) * BUCKETS);
    return next > from ? { from, to: next - 1 } : undefined;
  });
  return fromLast.reverse();
}

/**
 * Returns the buckets of each target for new percents. As few buckets as possible change their target: one that grows
 * keeps all of its buckets, one that shrinks gets no other. The first target gives up its lowest buckets, each other
 * one its highest, so that a step back undoes a step forward.
 * @param before the current buckets of each target
 * @param percents sum to 100, in steps of a hundredth
 */
export function resized(
  before: readonly (readonly BucketRange[])[],
  percents: readonly number[],
): BucketRange[][] {
  const counts = percents.map((percent) => Math.round((percent / 100) * BUCKETS));
  counts[0] = BUCKETS - counts.slice(1).reduce((sum, count) => sum + count, 0);
  const owned = counts.map((count, i) => {
    const buckets = (before[i] ?? []).flatMap(({ from, to }) =>
      Array.from({ length: to - from + 1 }, (_, j) => from + j),
    );
    const kept = Math.min(count, buckets.length);
    return new Set(i === 0 ? buckets.slice(buckets.length - kept) : buckets.slice(0, kept));
  });
  const taken = new Set(owned.flatMap((buckets) => [...buckets]));
  const free = Array.from({ length: BUCKETS }, (_, bucket) => bucket).filter((bucket) => !taken.has(bucket));
  for (const [i, buckets] of [...owned.entries()].reverse())
    for (const bucket of free.splice(0, (counts[i] ?? 0) - buckets.size)) buckets.add(bucket);
  return owned.map((buckets) => rangesOf((bucket) => buckets.has(Number(bucket))));
}

/** Returns the percent of all buckets that lie in ranges. */
export function percentOfRanges(ranges: readonly BucketRange[]): number {
  return (100 * ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)) / BUCKETS;
}

/** Returns a regular expression of RE2 that matches exactly the buckets of a range. */
export function regexOf({ from, to }: BucketRange): string {
  return alternatives(bucketName(from), bucketName(to)).join("|");
}

/** Returns the ranges of the buckets that match, in order, for any form of match. */
export function rangesOf(matches: (bucket: string) => boolean): BucketRange[] {
  const ranges: BucketRange[] = [];
  let from: number | undefined;
  for (let bucket = 0; bucket <= BUCKETS; bucket++) {
    const isIn = bucket < BUCKETS && matches(bucketName(bucket));
    if (isIn) from ??= bucket;
    else if (from !== undefined) {
      ranges.push({ from, to: bucket - 1 });
      from = undefined;
    }
  }
  return ranges;
}

/** Returns the buckets that no target has, and those that several have. */
export function gapsAndOverlaps(targets: readonly (readonly BucketRange[])[]): {
  gaps: BucketRange[];
  overlaps: BucketRange[];
} {
  const owners = new Uint8Array(BUCKETS);
  for (const { from, to } of targets.flat())
    for (let i = from; i <= to; i++) owners[i] = (owners[i] ?? 0) + 1;
  const where = (test: (count: number) => boolean) => rangesOf((bucket) => test(owners[Number(bucket)] ?? 0));
  return { gaps: where((count) => count === 0), overlaps: where((count) => count > 1) };
}

/** Returns patterns for the numbers from `low` to `high`, which have the same number of digits. */
function alternatives(low: string, high: string): string[] {
  const [first = "", last = ""] = [low[0], high[0]];
  const rest = low.length - 1;
  if (rest === 0) return [digit(Number(first), Number(last))];
  if (first === last) return alternatives(low.slice(1), high.slice(1)).map((tail) => first + tail);
  const startsFull = /^0*$/.test(low.slice(1));
  const endsFull = /^9*$/.test(high.slice(1));
  const [from, to] = [Number(first) + (startsFull ? 0 : 1), Number(last) - (endsFull ? 0 : 1)];
  return [
    ...(startsFull ? [] : alternatives(low.slice(1), "9".repeat(rest)).map((tail) => first + tail)),
    ...(from > to ? [] : [middle(from, to, rest)]),
    ...(endsFull ? [] : alternatives("0".repeat(rest), high.slice(1)).map((tail) => last + tail)),
  ];
}

/** Returns a pattern for a range of one digit followed by any digits. */
function middle(from: number, to: number, rest: number): string {
  if (from === 0 && to === 9) return `[0-9]{${rest + 1}}`;
  return `${digit(from, to)}[0-9]${rest === 1 ? "" : `{${rest}}`}`;
}

function digit(from: number, to: number): string {
  return from === to ? String(from) : `[${from}-${to}]`;
}
