import Type from "typebox";
import { Check } from "typebox/schema";
import { regexProblem, stringMatches } from "../../route-fields/match/match.ts";
import type { StringMatch } from "../table.ts";
import {
  type BucketRange,
  BUCKETS,
  percentOfRanges,
  rangesFor,
  rangesOf,
  regexOf,
  resized,
} from "./bucket-ranges.ts";
import { CannotWrite, type SplitTarget } from "./split.ts";
import {
  destinationLike,
  destinationOf,
  type WeightedDestination,
  type WeightedService,
  weightsOf,
} from "./weights.ts";

/** A rule of `spec.http` of a VirtualService, as far as a split goes. */
export interface SplitRule {
  name?: string | undefined;
  match?: readonly unknown[] | undefined;
  rewrite?: { authority?: string | undefined } | undefined;
  route?: readonly WeightedDestination[] | undefined;
}

/**
 * Rules next to each other that split requests by the buckets of a header: rules that ask for nothing but buckets, and
 * behind them one without a condition, for requests that have no bucket.
 */
export interface BucketRules {
  header: string;
  /** The places of the first rule and of the one without a condition in `spec.http`. */
  first: number;
  last: number;
  /** What each rule asks of the header, without the last: any of these. */
  matches: StringMatch[][];
  /** The buckets that each rule's matches ask for, without those of the last. */
  asked: BucketRange[][];
  /** The buckets that each rule gets, with the last: the first rule that matches decides. */
  owned: BucketRange[][];
}

/** A target of a split, with the destination that stands for it and the buckets that it has. */
export interface ListedTarget extends SplitTarget {
  destination: WeightedDestination;
  ranges: readonly BucketRange[];
}

const Exactly = { additionalProperties: false };
const BucketMatch = Type.Object(
  {
    name: Type.Optional(Type.String()),
    headers: Type.Record(
      Type.String(),
      Type.Union([
        Type.Object({ exact: Type.String() }, Exactly),
        Type.Object({ prefix: Type.String() }, Exactly),
        Type.Object({ regex: Type.String() }, Exactly),
      ]),
    ),
  },
  Exactly,
);

/**
 * Finds the rules that split by buckets, whatever the form in which their matches are written. Rules that ask for single
 * values alone, such as a year, do not split.
 */
export function findBucketRules(http: readonly Pick<SplitRule, "match">[]): BucketRules | undefined {
  const last = http.findIndex(({ match }) => match === undefined);
  if (last < 0) return undefined;
  const asked: BucketRange[][] = [];
  const matches: StringMatch[][] = [];
  let header: string | undefined;
  let first = last;
  for (; first > 0; first--) {
    const found = askedBuckets(http[first - 1]?.match);
    if (found === undefined || (header !== undefined && found.header !== header)) break;
    header = found.header;
    asked.unshift(found.ranges);
    matches.unshift(found.matches);
  }
  const isSplit = asked.flat().some(({ from, to }) => from < to);
  return header === undefined || !isSplit
    ? undefined
    : { header, first, last, matches, asked, owned: ownedBuckets(asked) };
}

/** The targets of rules that split by buckets; undefined where a rule leads elsewhere than to the service. */
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

/** How to write a split in other rules than those that are there. */
export interface RewriteOptions<R> {
  /** The rule without a condition: what it says besides its destinations holds for each rule that is written. */
  example: R;
  listed: readonly ListedTarget[];
  wanted: readonly SplitTarget[];
  service: WeightedService;
}

/**
 * The rules of a split by buckets: one for each target that has a share, and the last for requests without a bucket, which
 * stay with the first target. Of the buckets that targets have already, as few as possible change hands.
 * @throws CannotWrite when a target has no destination and none can be made for it
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

/** The rule of a split by weights. @throws CannotWrite as {@link bucketRules} */
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

/** Why a destination by tag cannot be made for a revision. */
export function needsTag(revision: string, service: string): string {
  return `This VirtualService goes by tags, and ${revision} has none: ./kyc split ${service} --engine knative --tag ${revision}=TAG`;
}

/** The wanted targets, each of a revision, with a destination without weight. One without a share may be left out. */
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

/** Targets in the order of the Knative Service's tags, which stays while shares come and go; those without come last. */
function inOrderOfTags<T extends SplitTarget>(targets: readonly T[], { tags }: WeightedService): T[] {
  const order = [...tags.values()];
  const placeOf = ({ revision }: SplitTarget): number => {
    const place = order.indexOf(revision);
    return place < 0 ? order.length : place;
  };
  return targets.toSorted((a, b) => placeOf(a) - placeOf(b));
}

// The same few expressions come back at each look.
const remembered = new Map<string, BucketRange[]>();
const MOST_REMEMBERED = 200;

/** The header and the buckets that a rule's matches ask for; undefined where they ask for anything else. */
function askedBuckets(
  match: readonly unknown[] | undefined,
): { header: string; matches: StringMatch[]; ranges: BucketRange[] } | undefined {
  if (match === undefined || match.length === 0) return undefined;
  const asked: [string, StringMatch][] = [];
  for (const condition of match) {
    if (!Check(BucketMatch, condition)) return undefined;
    for (const [name, value] of Object.entries(condition.headers))
      asked.push([name.toLowerCase(), compiled(value)]);
  }
  const [[header] = [""]] = asked;
  if (asked.length !== match.length || asked.some(([name]) => name !== header)) return undefined;
  const matches = asked.map(([, value]) => value).filter(isValid);
  const tests = matches.map(testOf);
  // What takes other values too does not ask for a bucket.
  if (["", "x"].some((value) => tests.some((test) => test(value)))) return undefined;
  const key = JSON.stringify(matches);
  const ranges = remembered.get(key) ?? rangesOf((bucket) => tests.some((test) => test(bucket)));
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(key, ranges);
  return ranges.length === 0 ? undefined : { header, matches, ranges };
}

// Digits, their classes and counts mean the same to RE2 and to JavaScript, which is faster.
const PLAIN = /^(?:(?:[0-9]|\[[0-9]-[0-9]\])(?:\{[0-9]\})?|\|)+$/;

function testOf(match: StringMatch): (value: string) => boolean {
  if (match.kind !== "regex" || !PLAIN.test(match.value)) return (value) => stringMatches(match, value);
  const expression = new RegExp(`^(?:${match.value})$`);
  return (value) => expression.test(value);
}

function compiled(value: { exact: string } | { prefix: string } | { regex: string }): StringMatch {
  if ("exact" in value) return { kind: "exact", value: value.exact };
  if ("prefix" in value) return { kind: "prefix", value: value.prefix };
  return { kind: "regex", value: value.regex };
}

function isValid({ kind, value }: StringMatch): boolean {
  return kind !== "regex" || regexProblem(value) === undefined;
}

/** What each rule gets when the first that matches decides, and what is left for the rule behind them. */
function ownedBuckets(asked: readonly (readonly BucketRange[])[]): BucketRange[][] {
  const owners = new Int32Array(BUCKETS).fill(asked.length);
  for (const [i, ranges] of [...asked.entries()].reverse())
    for (const { from, to } of ranges) owners.fill(i, from, to + 1);
  const owned = Array.from({ length: asked.length + 1 }, (): { from: number; to: number }[] => []);
  for (const [bucket, owner] of owners.entries()) {
    const last = owned[owner]?.at(-1);
    if (last?.to === bucket - 1) last.to = bucket;
    else owned[owner]?.push({ from: bucket, to: bucket });
  }
  return owned;
}
