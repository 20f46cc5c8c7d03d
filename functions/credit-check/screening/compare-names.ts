import { isLong, isTelling, type Name } from "./name.ts";
import { tokenSimilarity } from "./similarity.ts";

/** Two names of at least this similarity may belong to the same person. */
export const SAME_PERSON = 0.85;

/** The factor for several parts compared as one word, because a different short part then has little effect. */
const WHOLE = 0.96;

/** The cost of a letter that contradicts the other name, and of one in a part that the other name omits. */
const [CONTRADICTING, MISSING] = [0.9, 0.02];

/**
 * The similarity of two names from 0 to 1, in any order of their parts. A part that only one name has costs little,
 * because many documents omit parts; parts that contradict each other cost much.
 */
export function compareNames(a: Name, b: Name): number {
  if (a.joined === b.joined) return a.joined === "" ? 0 : 1;
  // Parts may be written with missing or additional spaces.
  const whole = a.tokens.length === b.tokens.length ? 0 : tokenSimilarity(a.joined, b.joined);
  return Math.max(whole >= WHOLE ? whole : 0, align(a.tokens, b.tokens));
}

function align(a: readonly string[], b: readonly string[]): number {
  const left = unmatched(a, b);
  const { similarities, restOfA, restOfB } = left;
  // A single part, such as a nickname or a family name, does not identify a person.
  const telling = similarities.filter(({ token }) => isTelling(token));
  const enough = Math.min(2, a.filter(isTelling).length, b.filter(isTelling).length);
  const initials = matchInitials(restOfA, restOfB);
  if (telling.length === 0 || telling.length + initials.matched < Math.max(enough, 1)) return 0;
  if (initials.matched === 0 && telling.length === 1 && a.length + b.length > 2) return 0;
  const weight = similarities.reduce((sum, { token }) => sum + token.length, 0);
  const mean =
    similarities.reduce((sum, { token, similarity }) => sum + token.length * similarity, 0) / weight;
  if (initials.restOfA.some(isLong) && initials.restOfB.some(isLong)) return 0;
  const rest = [lettersOf(initials.restOfA), lettersOf(initials.restOfB)];
  const contradicting = rest.includes(0) ? 0 : Math.max(...rest);
  const missing = Math.max(...rest) - contradicting;
  return Math.max(0, mean - (CONTRADICTING * contradicting + MISSING * missing) / (weight + contradicting));
}

interface Alignment {
  similarities: { token: string; similarity: number }[];
  restOfA: string[];
  restOfB: string[];
}

/**
 * Pairs each token with the most similar remaining one, the most similar pairs first; then pairs remaining neighbours,
 * written together, with a remaining token of the other name.
 */
function unmatched(a: readonly string[], b: readonly string[]): Alignment {
  const [usedA, usedB] = [new Set<number>(), new Set<number>()];
  const similarities: Alignment["similarities"] = [];
  const use = (pairs: Pair[]): void => {
    for (const { ofA, ofB, similarity, token } of pairs.sort((x, y) => y.similarity - x.similarity)) {
      if (ofA.some((i) => usedA.has(i)) || ofB.some((i) => usedB.has(i))) continue;
      for (const i of ofA) usedA.add(i);
      for (const i of ofB) usedB.add(i);
      similarities.push({ token, similarity });
    }
  };
  use(pairsOf(a, b, [1]));
  if (usedA.size < a.length && usedB.size < b.length) {
    use(pairsOf(a, b, [2, 3]));
    use(pairsOf(b, a, [2, 3]).map(({ ofA, ofB, ...pair }) => ({ ...pair, ofA: ofB, ofB: ofA })));
  }
  // A repeated part counts once.
  const rest = (tokens: readonly string[], used: ReadonlySet<number>) =>
    tokens.filter((token, i) => !used.has(i) && !tokens.some((other, j) => used.has(j) && other === token));
  return { similarities, restOfA: rest(a, usedA), restOfB: rest(b, usedB) };
}

interface Pair {
  ofA: number[];
  ofB: number[];
  token: string;
  similarity: number;
}

/** Runs of the given number of tokens of `a` that are similar to a token of `b`. */
function pairsOf(a: readonly string[], b: readonly string[], lengths: readonly number[]): Pair[] {
  const pairs: Pair[] = [];
  for (const length of lengths) {
    for (let i = 0; i + length <= a.length; i++) {
      const run = length === 1 ? (a[i] ?? "") : a.slice(i, i + length).join("");
      for (let j = 0; j < b.length; j++) {
        const token = b[j] ?? "";
        const similarity = tokenSimilarity(run, token);
        if (similarity > 0 && (length === 1 || similarity >= WHOLE))
          pairs.push({ ofA: Array.from({ length }, (_, k) => i + k), ofB: [j], token, similarity });
      }
    }
  }
  return pairs;
}

/** The length with which an initial counts: that of a typical part. */
const INITIAL = 5;

/** One letter, or two that are not a name. */
const INITIALS = /^([a-z]|[^aeiou]{2})$/;

/** Initials match the parts that begin with them; `jc` matches two. */
function matchInitials(
  a: readonly string[],
  b: readonly string[],
): { matched: number; restOfA: string[]; restOfB: string[] } {
  const [left, right] = [[...a], [...b]];
  const matched = take(left, right) + take(right, left);
  return { matched, restOfA: left, restOfB: right };
}

function lettersOf(tokens: readonly string[]): number {
  return tokens.reduce(
    (sum, token) => sum + (isTelling(token) ? token.length : token.length === 1 ? INITIAL : 0),
    0,
  );
}

function take(short: string[], full: string[]): number {
  let matched = 0;
  for (const token of [...short].filter((token) => INITIALS.test(token))) {
    const starts = [...token].map((letter) => full.find((word) => word.startsWith(letter) && word !== token));
    if (starts.includes(undefined) || new Set(starts).size < starts.length) continue;
    short.splice(short.indexOf(token), 1);
    for (const word of starts) full.splice(full.indexOf(word ?? ""), 1);
    matched += starts.length;
  }
  return matched;
}
