import Type from "typebox";
import { Check } from "typebox/schema";
import { regexProblem, stringMatches } from "../../route-fields/match/match.ts";
import type { StringMatch } from "../table.ts";
import { type BucketRange, BUCKETS, rangesOf } from "./bucket-ranges.ts";

/**
 * Adjacent rules that split requests by the buckets of a header: rules that match only on buckets, followed by one
 * without a condition, for requests without a bucket.
 */
export interface BucketRules {
  header: string;
  /** The indices of the first rule and of the one without a condition in `spec.http`. */
  first: number;
  last: number;
  /** The alternative matches on the header of each rule but the last. */
  matches: StringMatch[][];
  /** The buckets that the matches of each rule but the last accept. */
  asked: BucketRange[][];
  /** The buckets that each rule gets, the last included: the first rule that matches decides. */
  owned: BucketRange[][];
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
 * Finds the rules that split by buckets, for any form of their matches. Rules that match single values only, such as a
 * year, are not a split.
 */
export function findBucketRules(
  http: readonly { match?: readonly unknown[] | undefined }[],
): BucketRules | undefined {
  const last = http.findIndex(({ match = [] }) => match.length === 0);
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

// Each look has the same few expressions.
const remembered = new Map<string, BucketRange[]>();
const MOST_REMEMBERED = 200;

/** The header and the buckets that a rule's matches accept; undefined for other matches. */
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
  // A match that accepts other values too is not one on buckets.
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

/** Returns the buckets of each rule, given that the first match decides, and the remainder for the last rule. */
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
