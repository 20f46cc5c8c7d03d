import { ONE, plus, type Rational, times } from "./rational.ts";
import type { Position } from "../../../manifests/problem.ts";
import type { RetryPolicy } from "../../table.ts";
import { type Known, type Part, sent, shown, textOf, type Value } from "../request-space/value.ts";
import { describeRetry } from "../../../route-fields/retries/describe-retry.ts";

/** The end of a request with all observable properties, as a function of the request as it was sent. */
export interface Terminal {
  kind: "terminal";
  /** As text: a revision, a redirect, or a response of the proxy itself. */
  place: string;
  /**
   * Set if neither side describes the place itself (which has a name), or the way: how a listener routes the
   * request's current host, which may lead to any other place.
   */
  undescribed: "place" | "way" | undefined;
  /** The named values that arrive or that the caller gets. */
  seen: ReadonlyMap<string, Value>;
  /** The changes of response headers; names in lower case. */
  answer: ReadonlyMap<string, AnswerHeader>;
  /** The steps on the way, outermost first: delays, time limits, copies for mirrors. */
  way: readonly Step[];
  /** The rules that led here, outermost first. */
  by: readonly Position[];
}

/** A response header: set or removed by a rule, copied from the request, or as it was with values added. */
export type AnswerHeader =
  { set: string } | { reflected: Value } | { removed: true } | { added: readonly string[] };

/** Resolves a copied header if its value is known. */
export function knownHeader(header: AnswerHeader, known: (part: Part) => Known): AnswerHeader | string {
  if (!("reflected" in header)) return header;
  const text = textOf(header.reflected, known);
  return text === undefined ? shown(header.reflected, known) : { set: text ?? "" };
}

/** An effect on a request besides forwarding; `at` is the rule that causes it. */
export type Step =
  | { kind: "delay"; ms: number; at: Position }
  | { kind: "timeout"; ms: number; at: Position }
  | { kind: "mirror"; percent: number; to: Tree; at: Position }
  /** An unmodelled setting in canonical form; `about` names its field. */
  | { kind: "unmodelled"; about: string; text: string; at: Position };

/** The outcome of a request: a terminal, one of several outcomes by chance, or attempts. */
export type Tree =
  | Terminal
  | { kind: "chance"; ways: readonly (readonly [Rational, Tree])[] }
  | { kind: "attempts"; retry: RetryPolicy; at: Position; way: readonly Step[]; of: Tree };

/** Puts a step in front of a tree. */
export function after(step: Step, tree: Tree): Tree {
  switch (tree.kind) {
    case "terminal":
    case "attempts":
      return { ...tree, way: joined(step, tree.way) };
    case "chance":
      return { ...tree, ways: tree.ways.map(([share, way]) => [share, after(step, way)] as const) };
  }
}

/**
 * The position of a mirror among the steps has no effect, so mirrors come last; that of unmodelled steps is unknown.
 */
function joined(step: Step, way: readonly Step[]): Step[] {
  if (step.kind === "mirror" || step.kind === "unmodelled") return [...way, step];
  const [next, ...others] = way;
  if (step.kind === "timeout" && next?.kind === "timeout")
    return [next.ms < step.ms ? next : step, ...others];
  if (step.kind === "delay" && next?.kind === "delay") return [{ ...step, ms: step.ms + next.ms }, ...others];
  return [step, ...way];
}

/** Returns a tree that is retried on failure. A tree that cannot fail is unchanged. */
export function tried(retry: RetryPolicy, at: Position, tree: Tree): Tree {
  if (retry.attempts === 0 || !mayFail(tree)) return tree;
  return { kind: "attempts", retry, at, way: [], of: tree };
}

/** Records the rule that led to a tree. */
export function ledBy(at: Position, tree: Tree): Tree {
  switch (tree.kind) {
    case "terminal":
      return { ...tree, by: [at, ...tree.by] };
    case "attempts":
      return { ...tree, of: ledBy(at, tree.of) };
    case "chance":
      return { ...tree, ways: tree.ways.map(([share, way]) => [share, ledBy(at, way)] as const) };
  }
}

function mayFail(tree: Tree): boolean {
  if (tree.kind === "chance") return tree.ways.some(([, way]) => mayFail(way));
  return tree.kind === "attempts" || !(/^(404|3[0-9][0-9]) /.test(tree.place) || lacksCluster(tree));
}

const NO_CLUSTER = "503 (no cluster";

/** Whether the proxy responds because a destination has no cluster, for any reason. */
export function lacksCluster(tree: Tree): boolean {
  return tree.kind === "terminal" && tree.place.startsWith(NO_CLUSTER);
}

/**
 * Returns a text that is equal for two trees exactly if they cannot be distinguished, given the knowledge about the
 * requests.
 */
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
      at.kind === "terminal"
        ? keyOf(at, known)
        : `${wayText(at.way, known)}${describeRetry(at.retry)} {\n${textOfTree(at.of, known)}\n}`;
    const same = shares.get(key);
    shares.set(key, same === undefined ? share : plus(same, share));
  }
}

/** As `textOfTree`, for a terminal. */
export function keyOf(terminal: Terminal, known: (part: Part) => Known): string {
  const seen = [...terminal.seen].flatMap(([name, value]) => {
    const text = shown(value, known);
    // An unchanged header is left out.
    return isHeader(name) && text === shown(sent(name), known) ? [] : [`${name}=${text}`];
  });
  const answer = [...terminal.answer].map(
    ([name, header]) => `${name}: ${JSON.stringify(knownHeader(header, known))}`,
  );
  const place = lacksCluster(terminal) ? NO_CLUSTER : terminal.place;
  return [place, ...seen.sort(), ...answer.sort(), wayText(terminal.way, known)].join("; ");
}

const isHeader = (name: string): boolean => name.startsWith("header ");

function wayText(way: readonly Step[], known: (part: Part) => Known): string {
  const mirrors = way.flatMap((step) =>
    step.kind === "mirror" ? [`mirror ${step.percent} {${textOfTree(step.to, known)}}`] : [],
  );
  const times = way.flatMap((step) =>
    step.kind === "delay" || step.kind === "timeout" ? [`${step.kind} ${step.ms}`] : [],
  );
  const others = unmodelledOn(way).map(({ about, text }) => `${about} ${text}`);
  return [...times, ...mirrors.sort(), ...others.sort(), ""].join(" ");
}

/** An unmodelled step. */
export type UnmodelledStep = Extract<Step, { kind: "unmodelled" }>;

function unmodelledOn(way: readonly Step[]): UnmodelledStep[] {
  return way.flatMap((step) => (step.kind === "unmodelled" ? [step] : []));
}

/** Returns the unmodelled steps of a tree. */
export function unmodelledIn(tree: Tree): UnmodelledStep[] {
  if (tree.kind === "chance") return tree.ways.flatMap(([, way]) => unmodelledIn(way));
  const copies = tree.way.flatMap((step) => (step.kind === "mirror" ? unmodelledIn(step.to) : []));
  return [...unmodelledOn(tree.way), ...copies, ...(tree.kind === "attempts" ? unmodelledIn(tree.of) : [])];
}

/** Returns a tree without its unmodelled steps. */
export function withoutUnmodelled(tree: Tree): Tree {
  if (tree.kind === "chance")
    return { ...tree, ways: tree.ways.map(([share, way]) => [share, withoutUnmodelled(way)] as const) };
  const way = tree.way.flatMap((step): Step[] => {
    if (step.kind === "unmodelled") return [];
    return [step.kind === "mirror" ? { ...step, to: withoutUnmodelled(step.to) } : step];
  });
  return tree.kind === "attempts" ? { ...tree, way, of: withoutUnmodelled(tree.of) } : { ...tree, way };
}

/** Whether a request can reach a listener whose routing neither side describes. */
export function losesSight(tree: Tree): boolean {
  if (tree.kind === "chance") return tree.ways.some(([, way]) => losesSight(way));
  if (tree.way.some((step) => step.kind === "mirror" && losesSight(step.to))) return true;
  return tree.kind === "attempts" ? losesSight(tree.of) : tree.undescribed === "way";
}

/** Returns the parts of a request that a tree's terminals show. */
export function partsSeen(tree: Tree): Set<Part> {
  const parts = new Set<Part>();
  visit(tree);
  return parts;

  function visit(at: Tree): void {
    if (at.kind === "chance") for (const [, way] of at.ways) visit(way);
    else {
      for (const step of at.way) if (step.kind === "mirror") visit(step.to);
      if (at.kind === "attempts") visit(at.of);
      else {
        for (const value of at.seen.values()) partOf(value);
        for (const header of at.answer.values()) if ("reflected" in header) partOf(header.reflected);
      }
    }
  }

  function partOf(value: Value): void {
    if (value.kind === "own" || value.kind === "followed") parts.add(value.part);
    else if (value.kind === "rewritten") partOf(value.of);
  }
}
