import { ONE, plus, type Rational, times } from "./rational.ts";
import { type Known, type Part, sent, shown } from "../request-space/value.ts";
import { describeRetry } from "../../../route-fields/retries/describe-retry.ts";
import { keyOf, knownHeader, type Terminal, type Step, type Tree } from "./tree.ts";

/**
 * Returns the terminals of a tree, each with its share and its properties; indistinguishable terminals are joined.
 */
export function terminalsOf(
  tree: Tree,
  known: (part: Part) => Known,
): Map<string, { share: Rational; terminal: Terminal; before: readonly string[] }> {
  const ends = new Map<string, { share: Rational; terminal: Terminal; before: readonly string[] }>();
  visit(tree, ONE, []);
  return ends;

  function visit(at: Tree, share: Rational, before: readonly string[]): void {
    switch (at.kind) {
      case "terminal": {
        const key = `${before.join(", ")} ${keyOf(at, known)}`;
        const same = ends.get(key);
        ends.set(key, { share: same === undefined ? share : plus(same.share, share), terminal: at, before });
        return;
      }
      case "chance":
        for (const [part, way] of at.ways) visit(way, times(share, part), before);
        return;
      case "attempts":
        visit(at.of, share, [
          ...before,
          ...describeSteps(at.way, known),
          `retries: ${describeRetry(at.retry)}`,
        ]);
    }
  }
}

/** Describes the observable properties of a terminal, except those that no rule changed. */
export function describeTerminal(terminal: Terminal, known: (part: Part) => Known): string[] {
  const seen = [...terminal.seen].flatMap(([name, value]) => {
    const text = shown(value, known);
    if (text === shown(sent(name), known)) return [];
    const own = name === "uri" ? "path" : name;
    return [
      `${own} ${text === "absent" ? "removed" : JSON.parse(text.startsWith('"') ? text : JSON.stringify(text))}`,
    ];
  });
  const answer = [...terminal.answer].map(([name, stated]) => {
    const header = knownHeader(stated, known);
    if (typeof header === "string" || "reflected" in header) return `answer with ${name} from the request`;
    if ("removed" in header) return `answer without ${name}`;
    return "set" in header
      ? `answer with ${name}: ${header.set}`
      : `answer with more ${name}: ${header.added.join()}`;
  });
  return [...describeSteps(terminal.way, known), ...seen, ...answer];
}

function describeSteps(way: readonly Step[], known: (part: Part) => Known): string[] {
  return way.map((step) => {
    switch (step.kind) {
      case "delay":
        return `held for ${step.ms} ms`;
      case "timeout":
        return `within ${step.ms} ms`;
      case "mirror":
        return `${step.percent} % copied to ${places(step.to, known)}`;
      case "unmodelled":
        return `${step.about} ${step.text}`;
    }
  });
}

/** Describes the destinations of copies, and their properties. */
export function places(tree: Tree, known: (part: Part) => Known): string {
  return [...terminalsOf(tree, known).values()]
    .map(({ terminal, before }) => {
      const details = [...before, ...describeTerminal(terminal, known)];
      return `${terminal.place}${details.length === 0 ? "" : ` (${details.join("; ")})`}`;
    })
    .join(" or ");
}
