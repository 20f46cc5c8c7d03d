import { ONE, plus, type Rational, times } from "./rational.ts";
import type { Position } from "../../../manifests/problem.ts";
import type { RetryPolicy } from "../../table.ts";
import { type Known, type Part, sent, shown, textOf, type Value } from "../request-space/value.ts";
import { describeRetry } from "../../../route-fields/retries/describe-retry.ts";

/** Where a request ends, and all that can be observed there, as a function of the request as it was sent. */
export interface Terminal {
  kind: "terminal";
  /** In words: a revision, a redirect, an answer of the proxy's own. */
  place: string;
  /**
   * What neither side describes: the place itself, which has its own name; or how a listener routes the host that the
   * request has by then, which may lead to any of the other places.
   */
  undescribed: "place" | "way" | undefined;
  /** What arrives, or what the caller is told: named values. */
  seen: ReadonlyMap<string, Value>;
  /** What becomes of the headers of the answer; names in lower case. */
  answer: ReadonlyMap<string, AnswerHeader>;
  /** What happens on the way, outermost first: delays, time limits, copies for mirrors. */
  way: readonly Step[];
  /** The rules that led here, outermost first. */
  by: readonly Position[];
}

/** A response header: set or removed by a rule, copied from the request, or as it was with values added. */
export type AnswerHeader =
  { set: string } | { reflected: Value } | { removed: true } | { added: readonly string[] };

/** A copied header as it is where the value is known. */
export function knownHeader(header: AnswerHeader, known: (part: Part) => Known): AnswerHeader | string {
  if (!("reflected" in header)) return header;
  const text = textOf(header.reflected, known);
  return text === undefined ? shown(header.reflected, known) : { set: text ?? "" };
}

/** Something that happens to a request on its way, apart from being sent on; `at` is the rule that says so. */
export type Step =
  | { kind: "delay"; ms: number; at: Position }
  | { kind: "timeout"; ms: number; at: Position }
  | { kind: "mirror"; percent: number; to: Tree; at: Position }
  /** Something that is not modelled, in a form that is the same for the same content; `about` names its field. */
  | { kind: "unmodelled"; about: string; text: string; at: Position };

/** What becomes of a request: an end, one of several ways by chance, or attempts. */
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

/** The position of a mirror among the steps has no effect, so mirrors come last; of what is not modelled it is unknown. */
function joined(step: Step, way: readonly Step[]): Step[] {
  if (step.kind === "mirror" || step.kind === "unmodelled") return [...way, step];
  const [next, ...others] = way;
  if (step.kind === "timeout" && next?.kind === "timeout")
    return [next.ms < step.ms ? next : step, ...others];
  if (step.kind === "delay" && next?.kind === "delay") return [{ ...step, ms: step.ms + next.ms }, ...others];
  return [step, ...way];
}

/** A tree that is retried when it fails. A tree that cannot fail stays as it is. */
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

/** Whether the proxy answers because a destination has no cluster, whatever the reason is. */
export function lacksCluster(tree: Tree): boolean {
  return tree.kind === "terminal" && tree.place.startsWith(NO_CLUSTER);
}

/** A text that is equal for two trees exactly when they cannot be distinguished, given what is known of the requests. */
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

/** The same for an end. */
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

/** A step that says something that is not modelled. */
export type UnmodelledStep = Extract<Step, { kind: "unmodelled" }>;

function unmodelledOn(way: readonly Step[]): UnmodelledStep[] {
  return way.flatMap((step) => (step.kind === "unmodelled" ? [step] : []));
}

/** All that is not modelled on the ways of a tree. */
export function unmodelledIn(tree: Tree): UnmodelledStep[] {
  if (tree.kind === "chance") return tree.ways.flatMap(([, way]) => unmodelledIn(way));
  const copies = tree.way.flatMap((step) => (step.kind === "mirror" ? unmodelledIn(step.to) : []));
  return [...unmodelledOn(tree.way), ...copies, ...(tree.kind === "attempts" ? unmodelledIn(tree.of) : [])];
}

/** A tree without what is not modelled. */
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
