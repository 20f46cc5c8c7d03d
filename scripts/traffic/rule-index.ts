import { appliedMatch, asciiLower, type MatchedRequest, pathOf } from "../route-fields/match/match.ts";
import type { RequestMatch, Rule, VirtualHosts } from "./table.ts";

// Below these numbers, a linear search is faster than an index.
const MIN_RULES = 16;
const MIN_SUFFIXES = 8;

/** A rule that applies to a request, and the condition that held. */
export interface AppliedRule {
  rule: Rule;
  match: RequestMatch | true;
}

/**
 * Returns the first rule that applies to a request. With many rules only those are tried whose path conditions can
 * hold: they are looked up by exact path and by prefix, so the time does not grow with the number of other rules.
 */
export function firstRule(rules: readonly Rule[], request: MatchedRequest): AppliedRule | undefined {
  return rules.length < MIN_RULES ? firstOf(rules, request) : indexOf(rules).first(request);
}

/** Returns the rules for a host, which must be in lower case and without a port; the most specific name wins. */
export function rulesFor(hosts: VirtualHosts, host: string): readonly Rule[] | undefined {
  return hosts.exact.get(host) ?? bySuffix(hosts.suffixes, host) ?? hosts.any;
}

function firstOf(rules: Iterable<Rule>, request: MatchedRequest): AppliedRule | undefined {
  for (const rule of rules) {
    const match = appliedMatch(rule, request);
    if (match !== undefined) return { rule, match };
  }
  return undefined;
}

/**
 * Returns a common prefix of all full matches of a regular expression; empty if the expression has alternatives or
 * flags, or does not begin with plain characters.
 */
export function literalFront(expression: string): string {
  if (expression.includes("|") || expression.includes("(?")) return "";
  const [plain = ""] = /^[\w\/-]*/.exec(expression) ?? [];
  // A quantifier may make the last character optional.
  return /^[*?{+]/.test(expression.slice(plain.length)) ? plain.slice(0, -1) : plain;
}

// Tables do not change, so their indexes are cached by identity.
const indexes = new WeakMap<readonly Rule[], RuleIndex>();
const suffixIndexes = new WeakMap<VirtualHosts["suffixes"], StringIndex<readonly Rule[]>>();

function indexOf(rules: readonly Rule[]): RuleIndex {
  let index = indexes.get(rules);
  if (index === undefined) indexes.set(rules, (index = new RuleIndex(rules)));
  return index;
}

function bySuffix(suffixes: VirtualHosts["suffixes"], host: string): readonly Rule[] | undefined {
  if (suffixes.length < MIN_SUFFIXES) {
    return suffixes.find(([suffix]) => host.length > suffix.length && host.endsWith(suffix))?.[1];
  }
  let index = suffixIndexes.get(suffixes);
  if (index === undefined) {
    index = new StringIndex();
    for (const [suffix, rules] of suffixes) index.set(suffix, index.get(suffix) ?? rules);
    suffixIndexes.set(suffixes, index);
  }
  for (const length of index.lengths) {
    const found = length < host.length ? index.get(host.slice(host.length - length)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Values by strings of known lengths: prefixes or suffixes of a text are looked up one length at a time. */
class StringIndex<T> {
  readonly #values = new Map<string, T>();
  /** In descending order. */
  lengths: readonly number[] = [];

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: T): void {
    this.#values.set(key, value);
    if (!this.lengths.includes(key.length)) {
      this.lengths = [...this.lengths, key.length].sort((a, b) => b - a);
    }
  }
}

/**
 * An index of rules by the path conditions of their matches; each list has the numbers of rules in ascending order.
 */
class RuleIndex {
  readonly #rules: readonly Rule[];
  readonly #exact = new StringIndex<number[]>();
  readonly #prefix = new StringIndex<number[]>();
  /** For conditions that ignore case, with keys in lower case. */
  readonly #exactIgnoringCase = new StringIndex<number[]>();
  readonly #prefixIgnoringCase = new StringIndex<number[]>();
  /** Rules that may apply to any path. */
  readonly #anyPath: number[] = [];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    for (const [number, { matches }] of rules.entries()) {
      if (matches.length === 0) this.#anyPath.push(number);
      for (const { uri, ignoreUriCase } of matches) {
        const front = uri?.kind === "regex" ? literalFront(uri.value) : "";
        if (uri === undefined || (uri.kind === "regex" && front === "")) append(this.#anyPath, number);
        else if (uri.kind === "regex") add(this.#prefix, front, number);
        else if (ignoreUriCase) {
          const index = uri.kind === "exact" ? this.#exactIgnoringCase : this.#prefixIgnoringCase;
          add(index, asciiLower(uri.value), number);
        } else add(uri.kind === "exact" ? this.#exact : this.#prefix, uri.value, number);
      }
    }
  }

  first(request: MatchedRequest): AppliedRule | undefined {
    const path = pathOf(request.target);
    const lists = [this.#anyPath];
    collect(path, this.#exact, this.#prefix, lists);
    if (this.#exactIgnoringCase.lengths.length + this.#prefixIgnoringCase.lengths.length > 0) {
      collect(asciiLower(path), this.#exactIgnoringCase, this.#prefixIgnoringCase, lists);
    }
    return firstOf(this.#inOrder(lists), request);
  }

  *#inOrder(lists: readonly (readonly number[])[]): Generator<Rule> {
    const next = lists.map(() => 0);
    for (let last = -1; ;) {
      let [least, at] = [Number.POSITIVE_INFINITY, -1];
      for (const [i, list] of lists.entries()) {
        const number = list[next[i] as number];
        if (number !== undefined && number < least) [least, at] = [number, i];
      }
      if (at < 0) return;
      next[at] = (next[at] as number) + 1;
      if (least !== last) yield this.#rules[least] as Rule;
      last = least;
    }
  }
}

function collect(
  path: string,
  exact: StringIndex<number[]>,
  prefix: StringIndex<number[]>,
  lists: number[][],
): void {
  const same = exact.get(path);
  if (same !== undefined) lists.push(same);
  for (const length of prefix.lengths) {
    const found = length <= path.length ? prefix.get(path.slice(0, length)) : undefined;
    if (found !== undefined) lists.push(found);
  }
}

function add(index: StringIndex<number[]>, key: string, number: number): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [number]);
  else append(list, number);
}

function append(list: number[], number: number): void {
  if (list.at(-1) !== number) list.push(number);
}
