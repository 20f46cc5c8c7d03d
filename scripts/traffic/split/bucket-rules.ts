import { type BucketRange, percentOfRanges, rangesFor, regexOf, resized } from "./bucket-ranges.ts";
import type { BucketRules } from "./find-bucket-rules.ts";
import { CannotWrite, type SplitTarget } from "./split.ts";
import {
  destinationLike,
  destinationOf,
  type WeightedDestination,
  type WeightedService,
  weightsOf,
} from "./weights.ts";

/** The parts of a rule of a VirtualService's `spec.http` that concern a split. */
export interface SplitRule {
  name?: string | undefined;
  match?: readonly unknown[] | undefined;
  rewrite?: { authority?: string | undefined } | undefined;
  route?: readonly WeightedDestination[] | undefined;
}

/** A target of a split, with its destination and its buckets. */
export interface ListedTarget extends SplitTarget {
  destination: WeightedDestination;
  ranges: readonly BucketRange[];
}

/** Returns the targets of rules that split by buckets; undefined if a rule leads to another service. */
export function bucketTargets(
  http: readonly SplitRule[],
  { first, last, owned }: BucketRules,
  service: WeightedService,
): ListedTarget[] | undefined {
  const targets = new Map<string, ListedTarget>();
  for (const [i, { route = [], rewrite }] of http.slice(first, last + 1).entries()) {
    const [destination, second] = route;
    const found = destination && destinationOf(destination, service);
    if (destination === undefined || found === undefined || second !== undefined) return undefined;
    if (rewrite?.authority !== undefined) return undefined;
    const before = targets.get(found.revision);
    const ranges = [...(before?.ranges ?? []), ...(owned[i] ?? [])].sort((a, b) => a.from - b.from);
    const percent = percentOfRanges(ranges);
    targets.set(found.revision, { ...found, percent, latest: false, destination, ranges });
  }
  return inOrderOfTags([...targets.values()], service);
}

/** The inputs for rewriting the rules of a split. */
export interface RewriteOptions<R> {
  /** The rule without a condition: its fields other than the destinations apply to each written rule. */
  example: R;
  listed: readonly ListedTarget[];
  wanted: readonly SplitTarget[];
  service: WeightedService;
}

/**
 * Returns the rules of a split by buckets: one for each target with a share, and the last for requests without a
 * bucket, which stay with the first target. As few of the existing buckets as possible change hands.
 * @throws CannotWrite if a target has no destination and none can be made for it
 */
export function bucketRules<R extends SplitRule>(options: RewriteOptions<R>, header: string): R[] {
  const { example, service } = options;
  const targets = inOrderOfTags(destinationsFor(options), service);
  const percents = targets.map(({ percent }) => percent);
  const isNew = targets.every(({ ranges }) => ranges.length === 0);
  const ranges = isNew
    ? rangesFor(percents).map((range) => (range === undefined ? [] : [range]))
    : resized(
        targets.map((target) => target.ranges),
        percents,
      );
  const { name, ...rest } = example;
  const rules = targets.flatMap(({ revision, tag, destination }, i) => {
    const own = ranges[i] ?? [];
    if (own.length === 0) return [];
    const match = own.map((range) => ({ headers: { [header]: { regex: regexOf(range) } } }));
    const named = name === undefined ? {} : { name: `${name}-${tag ?? revision}` };
    return [{ ...named, match, ...rest, route: [destination] } as unknown as R];
  });
  const fallback = targets.find((_, i) => (ranges[i] ?? []).length > 0);
  return [...rules, { ...example, route: fallback === undefined ? [] : [fallback.destination] }];
}

/** Returns the rule of a split by weights. @throws CannotWrite as {@link bucketRules} */
export function weightedRule<R extends SplitRule>(options: RewriteOptions<R>): R {
  const targets = destinationsFor(options);
  const weights = weightsOf(targets.map(({ percent }) => percent));
  const route = targets.map(({ destination: { destination, ...rest } }, i) => ({
    destination,
    weight: weights[i] ?? 0,
    ...rest,
  }));
  return { ...options.example, route };
}

/** Explains why a destination by tag cannot be made for a revision. */
export function needsTag(revision: string, service: string): string {
  return `This VirtualService goes by tags, and ${revision} has none: ./kyc split ${service} --engine knative --tag ${revision}=TAG`;
}

/**
 * Returns the wanted targets, each of a revision, with a destination without weight. One without a share may be
 * omitted.
 */
function destinationsFor<R>({ listed, wanted, service }: RewriteOptions<R>): ListedTarget[] {
  const byRevision = Map.groupBy(wanted, ({ revision }) => revision);
  return [...byRevision].flatMap(([revision, targets]) => {
    const percent = targets.reduce((sum, target) => sum + target.percent, 0);
    const tag = targets.find((target) => target.tag !== undefined)?.tag;
    const own = listed.find((target) => target.revision === revision);
    const [example] = listed;
    const made =
      own?.destination ??
      (example && destinationLike(example.destination, example, { revision, tag }, service.name));
    if (made === undefined && percent > 0) throw new CannotWrite(needsTag(revision, service.name));
    if (made === undefined) return [];
    const { weight: _, ...destination } = made;
    return [{ revision, tag, percent, latest: false, destination, ranges: own?.ranges ?? [] }];
  });
}

/**
 * Sorts targets in the order of the Knative Service's tags, which does not depend on shares; targets without a tag
 * come last.
 */
function inOrderOfTags<T extends SplitTarget>(targets: readonly T[], { tags }: WeightedService): T[] {
  const order = [...tags.values()];
  const placeOf = ({ revision }: SplitTarget): number => {
    const place = order.indexOf(revision);
    return place < 0 ? order.length : place;
  };
  return targets.toSorted((a, b) => placeOf(a) - placeOf(b));
}
