import { ONE, plus, type Rational, times } from "../rational.ts";
import { type Known, type Part, sent, shown } from "../space/value.ts";
import { retryWords } from "./retry-words.ts";
import { keyOf, type Leaf, type Step, type Tree } from "./tree.ts";

/** The ends of a tree, each with its share and what comes before it; ends that nobody can tell apart are one. */
export function endsOf(
  tree: Tree,
  known: (part: Part) => Known,
): Map<string, { share: Rational; leaf: Leaf; before: readonly string[] }> {
  const ends = new Map<string, { share: Rational; leaf: Leaf; before: readonly string[] }>();
  visit(tree, ONE, []);
  return ends;

  function visit(at: Tree, share: Rational, before: readonly string[]): void {
    switch (at.kind) {
      case "end": {
        const key = `${before.join(", ")} ${keyOf(at, known)}`;
        const same = ends.get(key);
        ends.set(key, { share: same === undefined ? share : plus(same.share, share), leaf: at, before });
        return;
      }
      case "chance":
        for (const [part, way] of at.ways) visit(way, times(share, part), before);
        return;
      case "attempts":
        visit(at.of, share, [...before, ...wayWords(at.way, known), `retries: ${retryWords(at.retry)}`]);
    }
  }
}

/** What is seen of a leaf, in words; what no rule changed is left out. */
export function wordsOf(leaf: Leaf, known: (part: Part) => Known): string[] {
  const seen = [...leaf.seen].flatMap(([name, value]) => {
    const text = shown(value, known);
    if (text === shown(sent(name), known)) return [];
    const own = name === "uri" ? "path" : name;
    return [
      `${own} ${text === "absent" ? "removed" : JSON.parse(text.startsWith('"') ? text : JSON.stringify(text))}`,
    ];
  });
  const answer = [...leaf.answer].map(([name, header]) => {
    if ("removed" in header) return `answer without ${name}`;
    return "set" in header
      ? `answer with ${name}: ${header.set}`
      : `answer with more ${name}: ${header.added.join()}`;
  });
  return [...wayWords(leaf.way, known), ...seen, ...answer];
}

function wayWords(way: readonly Step[], known: (part: Part) => Known): string[] {
  return way.map((step) => {
    switch (step.kind) {
      case "delay":
        return `held for ${step.ms} ms`;
      case "timeout":
        return `within ${step.ms} ms`;
      case "mirror":
        return `${step.percent} % copied to ${places(step.to, known)}`;
    }
  });
}

/** Where copies go, and what is seen there. */
export function places(tree: Tree, known: (part: Part) => Known): string {
  return [...endsOf(tree, known).values()]
    .map(({ leaf, before }) => {
      const details = [...before, ...wordsOf(leaf, known)];
      return `${leaf.place}${details.length === 0 ? "" : ` (${details.join("; ")})`}`;
    })
    .join(" or ");
}
