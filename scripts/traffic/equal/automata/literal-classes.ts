import { type Automaton, DEAD } from "./automaton.ts";
import { EXAMPLES, READABLE, type WordClass } from "./partition.ts";

/** A text, or all texts with that prefix. */
export interface Literal {
  kind: "exact" | "prefix";
  text: string;
}

/** A node of a trie, with the numbers of the literals that end there. */
interface Node {
  next: Map<string, Node> | undefined;
  exact: number | undefined;
  prefix: number | undefined;
}

/** A visited node of the trie. */
interface Visit {
  node: Node;
  text: string;
  /** The state of the domain after the text. */
  state: number;
  /** The prefixes of the text. */
  prefixes: readonly number[];
}

/**
 * Partitions the texts of a domain by the literals that accept them, as `partition` does, in linear time in the
 * length of the literals: each exact text is a class, and so are the texts with the same longest prefix.
 * @param literals distinct and case-sensitive
 */
export function literalClasses(domain: Automaton, literals: readonly Literal[]): WordClass[] {
  const root = trieOf(literals);
  const classes: WordClass[] = [];
  const open: Visit[] = [{ node: root, text: "", state: domain.start, prefixes: [] }];
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { node, text, state } = visit;
    const prefixes = node.prefix === undefined ? visit.prefixes : [...visit.prefixes, node.prefix];
    if (node === root || node.prefix !== undefined) {
      const words = wordsBehind(node, text, state);
      const [only, second] = words;
      if (only !== undefined)
        classes.push({
          accepted: new Set(prefixes),
          words,
          front: second === undefined ? only : frontOf(visit),
        });
    }
    if (node.exact !== undefined && domain.accepts(state))
      classes.push({ accepted: new Set([...prefixes, node.exact]), words: [text], front: text });
    for (const [char, next] of node.next ?? []) {
      const after = domain.next(state, char.charCodeAt(0));
      if (after !== DEAD) open.push({ node: next, text: text + char, state: after, prefixes });
    }
  }
  return classes;

  /**
   * Returns the longest common prefix of the texts of a node's class, including characters that the domain enforces.
   */
  function frontOf(visit: Visit): string {
    let { text, state } = visit;
    let node: Node | undefined = visit.node;
    while (!(domain.accepts(state) && node?.exact === undefined)) {
      const ways = READABLE.filter(
        (char) =>
          domain.next(state, char.charCodeAt(0)) !== DEAD && node?.next?.get(char)?.prefix === undefined,
      );
      const [only, second] = ways;
      if (only === undefined || second !== undefined) break;
      state = domain.next(state, only.charCodeAt(0));
      node = node?.next?.get(only);
      text += only;
    }
    return text;
  }

  /**
   * Returns the shortest texts with a prefix that have no longer prefix among the literals and equal none of them.
   */
  function wordsBehind(start: Node, text: string, state: number): string[] {
    const words: string[] = [];
    const queue: { node: Node | undefined; text: string; state: number }[] = [{ node: start, text, state }];
    for (let i = 0; i < queue.length && words.length < EXAMPLES; i++) {
      const { node, text, state } = queue[i] as (typeof queue)[number];
      if (domain.accepts(state) && node?.exact === undefined) words.push(text);
      for (const char of READABLE) {
        const after = domain.next(state, char.charCodeAt(0));
        const next = node?.next?.get(char);
        if (after !== DEAD && next?.prefix === undefined)
          queue.push({ node: next, text: text + char, state: after });
      }
    }
    // An empty text is a poor example if there are others.
    return words.sort((a, b) => (a === "" ? 1 : 0) - (b === "" ? 1 : 0));
  }
}

function trieOf(literals: readonly Literal[]): Node {
  const nodeOf = (): Node => ({ next: undefined, exact: undefined, prefix: undefined });
  const root = nodeOf();
  for (const [number, { kind, text }] of literals.entries()) {
    let at = root;
    for (const char of text.split("")) {
      at.next ??= new Map();
      let next = at.next.get(char);
      if (next === undefined) at.next.set(char, (next = nodeOf()));
      at = next;
    }
    at[kind] = number;
  }
  return root;
}
