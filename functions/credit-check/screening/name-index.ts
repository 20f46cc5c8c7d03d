import { compareNames } from "./compare-names.ts";
import { isLong, isTelling, type Name, readName } from "./name.ts";
import { allowedEdits, tokenSimilarity } from "./similarity.ts";
import { Turns } from "./turns.ts";

/** Finds the listed names that are similar to a given one, without comparing each. */
export interface NameIndex<T> {
  /** The owners of all names of at least this similarity, each with its similarity. */
  find(name: Name, atLeast: number): { owner: T; similarity: number }[];
  /** The owners of the names that are equal after normalisation. */
  exact(name: Name): readonly T[];
}

/** The minimum length of a token that may be two tokens without a space: few names of one or two parts have longer ones. */
const [SHORTEST_JOINED, SHORTEST_JOINED_OF_MANY] = [6, 10];

/**
 * Makes an index of names. A token is looked up by its deletion variants, which it shares with each token that is one or
 * two edits away (W. Garbe, "SymSpell", 2012). Whole names are compared only if two of their telling tokens match, or the
 * only one.
 */
export async function indexNames<T>(
  entries: readonly { owner: T; names: readonly string[] }[],
  turns = new Turns(),
): Promise<NameIndex<T>> {
  const listed: { owner: T; name: Name; size: Size }[] = [];
  const byJoined = new Map<string, T[]>();
  const byToken = new Map<string, number[]>();
  for (const { owner, names } of entries) {
    for (const text of names) {
      const name = readName(text);
      append(byJoined, name.joined, owner);
      for (const token of new Set(name.tokens.filter(isTelling))) append(byToken, token, listed.length);
      listed.push({ owner, name, size: sizeOf(name) });
    }
    await turns.take();
  }
  const tokens = [...byToken.keys()];
  const withRest = await indexRests(tokens, turns);

  /** The indexes of the listed names that have a similar token. */
  function withTokenLike(token: string): ReadonlySet<number> {
    const near = new Set([...restsOf(token)].flatMap(withRest));
    const found = new Set<number>();
    for (const i of near) {
      const other = tokens[i] ?? "";
      if (tokenSimilarity(token, other) > 0) for (const name of byToken.get(other) ?? []) found.add(name);
    }
    return found;
  }

  return {
    exact: (name) => byJoined.get(name.joined) ?? [],
    find(name, atLeast) {
      const hits = new Map<number, number>();
      const hit = (names: Iterable<number>, counts: number): void => {
        for (const i of names) hits.set(i, (hits.get(i) ?? 0) + counts);
      };
      for (const { token, length } of runsOf(name.tokens)) hit(withTokenLike(token), length);
      const joined = name.tokens.length <= 2 ? SHORTEST_JOINED : SHORTEST_JOINED_OF_MANY;
      for (const [head, tail] of name.tokens.filter(({ length }) => length >= joined).flatMap(cuts)) {
        const both = withTokenLike(head).intersection(withTokenLike(tail));
        hit(both, 2);
      }
      const size = sizeOf(name);
      const found: { owner: T; similarity: number }[] = [];
      for (const [i, count] of hits) {
        const other = listed[i];
        if (other === undefined || count < needed(size, other.size)) continue;
        const similarity = compareNames(name, other.name);
        if (similarity >= atLeast) found.push({ owner: other.owner, similarity });
      }
      return found;
    },
  };
}

/** The number of different telling tokens of a name, and of those long enough to contradict another name. */
interface Size {
  readonly telling: number;
  readonly long: number;
}

function sizeOf({ tokens }: Name): Size {
  const telling = [...new Set(tokens)].filter(isTelling);
  return { telling: telling.length, long: telling.filter(isLong).length };
}

/** The number of tokens of two names that must match: all long ones of the name with fewer, because others contradict. */
function needed(a: Size, b: Size): number {
  return Math.max(Math.min(a.long, b.long), Math.min(2, a.telling, b.telling));
}

/** The telling tokens, and neighbours written together, each with its number of tokens. */
function* runsOf(tokens: readonly string[]): Generator<{ token: string; length: number }> {
  for (const [i, token] of tokens.entries()) {
    if (isTelling(token)) yield { token, length: 1 };
    for (const length of [2, 3])
      if (i + length <= tokens.length) yield { token: tokens.slice(i, i + length).join(""), length };
  }
}

/** The two parts of a token at each position where a space may be missing. */
function cuts(token: string): [string, string][] {
  return Array.from({ length: Math.max(0, token.length - 5) }, (_, i) => [
    token.slice(0, i + 3),
    token.slice(i + 3),
  ]);
}

/** Hashes of a token and of its deletion variants, with up to as many dropped letters as edits are allowed. */
function restsOf(token: string): ReadonlySet<number> {
  let rests = new Set([token]);
  // A token that is one letter longer may have one more allowed edit.
  const drops = allowedEdits(token.length + 1);
  for (let dropped = 0, last = rests; dropped < drops; dropped++) {
    last = new Set(
      [...last].flatMap((text) => [...text].map((_, i) => text.slice(0, i) + text.slice(i + 1))),
    );
    rests = rests.union(last);
  }
  return new Set([...rests].map((rest) => Bun.hash.crc32(rest)));
}

/** The maximum number of tokens: with a hash of 32 bits, their index fits into the 53 bits of a number. */
const MOST_TOKENS = 2 ** 21;

/** The number of leading bits of a hash that select its array, so that each is sorted within a millisecond or two. */
const CHOOSING_BITS = 8;

/**
 * Looks up the indexes of the tokens with a deletion variant (`rest`). The pairs of variant and token are sorted arrays of
 * numbers: a map would take ten times the memory for 20,000 names.
 */
async function indexRests(tokens: readonly string[], turns: Turns): Promise<(rest: number) => number[]> {
  const unsorted = Array.from({ length: 2 ** CHOOSING_BITS }, (): number[] => []);
  for (const [i, token] of tokens.entries()) {
    for (const rest of restsOf(token)) unsorted[rest >>> (32 - CHOOSING_BITS)]?.push(rest * MOST_TOKENS + i);
    await turns.take();
  }
  const sorted: Float64Array[] = [];
  for (const pairs of unsorted) {
    sorted.push(new Float64Array(pairs).sort());
    pairs.length = 0;
    await turns.take();
  }
  return (rest) => {
    const pairs = sorted[rest >>> (32 - CHOOSING_BITS)] ?? new Float64Array();
    const found: number[] = [];
    const end = (rest + 1) * MOST_TOKENS;
    for (let i = firstFrom(pairs, rest * MOST_TOKENS); i < pairs.length && (pairs[i] as number) < end; i++)
      found.push((pairs[i] as number) % MOST_TOKENS);
    return found;
  };
}

/** The index of the first number of a sorted array that is at least this large. */
function firstFrom(sorted: Float64Array, least: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] as number) < least) from = middle + 1;
    else to = middle;
  }
  return from;
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
