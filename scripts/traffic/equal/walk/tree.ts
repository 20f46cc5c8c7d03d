import { ONE, plus, type Rational, times } from "../rational.ts";
import type { RetryPolicy } from "../../table.ts";
import { type Known, type Part, sent, shown, type Value } from "../space/value.ts";

/** Where a request ends, and all that somebody sees of it there, as a function of the request as it was sent. */
export interface Leaf {
  kind: "end";
  /** In words: a revision, a redirect, an answer of the proxy's own. */
  place: string;
  /**
   * What neither side describes: the place itself, which has a name of its own; or what a listener does with the host
   * that the request has by then, which may be to send it to any of the other places.
   */
  undescribed: "place" | "way" | undefined;
  /** What arrives, or what the caller is told: named values. */
  seen: ReadonlyMap<string, Value>;
  /** What becomes of the headers of the answer; names in lower case. */
  answer: ReadonlyMap<string, AnswerHeader>;
  /** What happens on the way, outermost first: delays, time limits, copies for mirrors. */
  way: readonly Step[];
}

/** A header of an answer: what a rule sets, what it leaves away, or what the answer had, and values behind it. */
export type AnswerHeader = { set: string } | { removed: true } | { added: readonly string[] };

/** Something that happens to a request on its way, apart from being sent on. */
export type Step =
  | { kind: "delay"; ms: number }
  | { kind: "timeout"; ms: number }
  | { kind: "mirror"; percent: number; to: Tree };

/** What becomes of a request: an end, one of several ways by chance, or attempts. */
export type Tree =
  | Leaf
  | { kind: "chance"; ways: readonly (readonly [Rational, Tree])[] }
  | { kind: "attempts"; retry: RetryPolicy; way: readonly Step[]; of: Tree };

/** A tree with something in front of it. */
export function after(step: Step, tree: Tree): Tree {
  switch (tree.kind) {
    case "end":
    case "attempts":
      return { ...tree, way: joined(step, tree.way) };
    case "chance":
      return { ...tree, ways: tree.ways.map(([share, way]) => [share, after(step, way)] as const) };
  }
}

/** Copies leave at some point on the way, and it does not matter where: they stand behind what takes time. */
function joined(step: Step, way: readonly Step[]): Step[] {
  if (step.kind === "mirror") return [...way, step];
  const [next, ...others] = way;
  if (step.kind === "timeout" && next?.kind === "timeout")
    return [{ kind: "timeout", ms: Math.min(step.ms, next.ms) }, ...others];
  if (step.kind === "delay" && next?.kind === "delay")
    return [{ kind: "delay", ms: step.ms + next.ms }, ...others];
  return [step, ...way];
}

/** A tree that is tried again when it fails; what cannot fail is not. */
export function tried(retry: RetryPolicy, tree: Tree): Tree {
  if (retry.attempts === 0 || !mayFail(tree)) return tree;
  return { kind: "attempts", retry, way: [], of: tree };
}

function mayFail(tree: Tree): boolean {
  if (tree.kind === "chance") return tree.ways.some(([, way]) => mayFail(way));
  return tree.kind === "attempts" || !/^(404|3[0-9][0-9]) /.test(tree.place);
}

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
        visit(at.of, share, [...before, ...wayWords(at.way), retryWords(at.retry)]);
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
  return [...wayWords(leaf.way), ...seen, ...answer];
}

function wayWords(way: readonly Step[]): string[] {
  return way.map((step) => {
    switch (step.kind) {
      case "delay":
        return `held for ${step.ms} ms`;
      case "timeout":
        return `within ${step.ms} ms`;
      case "mirror":
        return `${step.percent} % copied to a mirror`;
    }
  });
}

function retryWords({ attempts, on }: RetryPolicy): string {
  return `sent up to ${attempts} times more on ${on.join(", ")}`;
}

/** A text that is the same for two trees exactly when nobody can tell them apart, as far as is known of the requests. */
export function textOfTree(tree: Tree, known: (part: Part) => Known): string {
  const shares = new Map<string, Rational>();
  flatten(tree, ONE);
  return [...shares]
    .map(([key, { numerator, denominator }]) => `${numerator}/${denominator} ${key}`)
    .sort()
    .join("\n");

  function flatten(at: Tree, share: Rational): void {
    if (at.kind === "chance") {
      for (const [part, way] of at.ways) flatten(way, times(share, part));
      return;
    }
    const key =
      at.kind === "end"
        ? keyOf(at, known)
        : `${wayText(at.way, known)}${retryText(at.retry)} {\n${textOfTree(at.of, known)}\n}`;
    const same = shares.get(key);
    shares.set(key, same === undefined ? share : plus(same, share));
  }
}

function keyOf(leaf: Leaf, known: (part: Part) => Known): string {
  const seen = [...leaf.seen].flatMap(([name, value]) => {
    const text = shown(value, known);
    // A header that nobody changed needs no words.
    return isHeader(name) && text === shown(sent(name), known) ? [] : [`${name}=${text}`];
  });
  const answer = [...leaf.answer].map(([name, header]) => `${name}: ${JSON.stringify(header)}`);
  return [leaf.place, ...seen.sort(), ...answer.sort(), wayText(leaf.way, known)].join("; ");
}

const isHeader = (name: string): boolean => name.startsWith("header ");

function wayText(way: readonly Step[], known: (part: Part) => Known): string {
  const mirrors = way.flatMap((step) =>
    step.kind === "mirror" ? [`mirror ${step.percent} {${textOfTree(step.to, known)}}`] : [],
  );
  const times = way.flatMap((step) => (step.kind === "mirror" ? [] : [`${step.kind} ${step.ms}`]));
  return [...times, ...mirrors.sort(), ""].join(" ");
}

function retryText({ attempts, perTryTimeoutMs, on, ...how }: RetryPolicy): string {
  const meant = [...new Set(on)].filter(adds).sort().join();
  const where = `${how.avoidsTried ? "" : " anywhere"}${how.remoteLocalities ? " remote" : ""}`;
  return `attempts ${attempts} each ${perTryTimeoutMs ?? "-"} on ${meant} after ${how.backOffMs}${where}`;

  // What 5xx and gateway-error mean in any case. (Envoy, "x-envoy-retry-on" in the router filter's documentation)
  function adds(condition: string): boolean {
    const isOf5xx = ["connect-failure", "refused-stream", "reset", "gateway-error"].includes(condition);
    if (on.includes("5xx") && (isOf5xx || /^5[0-9][0-9]$/.test(condition))) return false;
    return !(on.includes("gateway-error") && ["502", "503", "504"].includes(condition));
  }
}

/** Whether somewhere in the tree a request is lost from sight. */
export function losesSight(tree: Tree): boolean {
  if (tree.kind === "chance") return tree.ways.some(([, way]) => losesSight(way));
  if (tree.way.some((step) => step.kind === "mirror" && losesSight(step.to))) return true;
  return tree.kind === "attempts" ? losesSight(tree.of) : tree.undescribed === "way";
}

/** The parts of a request that a tree's ends show. */
export function partsSeen(tree: Tree): Set<Part> {
  const parts = new Set<Part>();
  visit(tree);
  return parts;

  function visit(at: Tree): void {
    if (at.kind === "chance") for (const [, way] of at.ways) visit(way);
    else {
      for (const step of at.way) if (step.kind === "mirror") visit(step.to);
      if (at.kind === "attempts") visit(at.of);
      else for (const value of at.seen.values()) partOf(value);
    }
  }

  function partOf(value: Value): void {
    if (value.kind === "own" || value.kind === "followed") parts.add(value.part);
    else if (value.kind === "rewritten") partOf(value.of);
  }
}
