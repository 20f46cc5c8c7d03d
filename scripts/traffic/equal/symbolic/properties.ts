import type { Position } from "../../../manifests/problem.ts";
import { ONE, type Rational, times } from "./rational.ts";
import { type Known, type Part, sent, shown } from "../request-space/value.ts";
import { terminalsOf, places } from "./describe.ts";
import { describeRetry } from "../../../route-fields/retries/describe-retry.ts";
import type { Terminal, Step, Tree } from "./tree.ts";

/** A property of the way to a terminal, and the rule that states it. */
export interface Property {
  text: string;
  at: Position | undefined;
}

/** One terminal of a request, with the properties of the way there by subject. */
export interface Properties {
  share: Rational;
  place: string;
  stated: ReadonlyMap<string, Property>;
  /** The innermost rule on the way. */
  by: Position | undefined;
}

/** The property if no rule states one. */
export function defaultProperty(about: string): string {
  switch (about) {
    case "retries":
      return "no retries";
    case "time limit":
      return "no time limit";
    case "delay":
      return "no delay";
    case "copies":
      return "no copies";
    default:
      return about.startsWith("answer ") ? "unchanged" : "as it was sent";
  }
}

/** The retries and steps so far, the outermost first. */
interface Way {
  retries: readonly Property[];
  steps: readonly { step: Step; isEach: boolean }[];
}

/** Returns every terminal of a tree with the properties of the way there. */
export function propertiesOf(tree: Tree, known: (part: Part) => Known): Properties[] {
  const properties: Properties[] = [];
  visit(tree, ONE, { retries: [], steps: [] });
  return properties;

  function visit(at: Tree, share: Rational, way: Way): void {
    switch (at.kind) {
      case "chance":
        for (const [part, next] of at.ways) visit(next, times(share, part), way);
        return;
      case "attempts": {
        const anew = terminalsOf(at.of, known).size > 1 ? ", each drawn again" : "";
        const stated = { text: `${describeRetry(at.retry)}${anew}`, at: at.at };
        visit(at.of, share, { retries: [...way.retries, stated], steps: further(way, at.way) });
        return;
      }
      case "terminal":
        properties.push({
          share,
          place: at.place,
          stated: new Map([...saidOnWay({ ...way, steps: further(way, at.way) }), ...saidOfEnd(at)]),
          by: at.by.at(-1),
        });
    }
  }

  /** Steps behind retries are repeated for each try. */
  function further({ retries, steps }: Way, more: readonly Step[]): Way["steps"] {
    return [...steps, ...more.map((step) => ({ step, isEach: retries.length > 0 }))];
  }

  function saidOnWay({ retries, steps }: Way): [string, Property][] {
    const stated = steps.map(({ step, isEach }, i) => {
      const isHeld = step.kind === "timeout" && steps.slice(i + 1).some((next) => next.step.kind === "delay");
      const what = whatHappens(step);
      const text = `${what}${isEach ? " for each try" : ""}${isHeld ? ", a delay included" : ""}`;
      return { kind: step.kind, text, at: step.at };
    });
    const of = (kind: Step["kind"]): Property[] => stated.filter((one) => one.kind === kind);
    return [
      joined("retries", retries, ", within each "),
      joined("delay", of("delay"), ", then "),
      joined("time limit", of("timeout"), ", then "),
      joined("copies", of("mirror").toSorted(byText), ", and "),
    ].flatMap((one) => (one === undefined ? [] : [one]));
  }

  function whatHappens(step: Step): string {
    if (step.kind === "mirror") return `${step.percent} % to ${places(step.to, known)}`;
    return step.kind === "unmodelled" ? step.text : `${step.ms} ms`;
  }

  function saidOfEnd({ seen, answer, by }: Terminal): [string, Property][] {
    // With several rules on the way, the one that states it is unknown.
    const at = by.length === 1 ? by[0] : undefined;
    const ofRequest = [...seen].flatMap(([part, value]): [string, Property][] => {
      const text = shown(value, known);
      if (text === shown(sent(part), known)) return [];
      return [[part === "uri" ? "path" : part, { text: text === "absent" ? "removed" : text, at }]];
    });
    const ofAnswer = [...answer].map(([name, header]): [string, Property] => {
      if ("reflected" in header)
        return [`answer header ${name}`, { text: `copied from ${shown(header.reflected, known)}`, at }];
      const set = "set" in header ? `set to ${JSON.stringify(header.set)}` : "removed";
      const text = "added" in header ? `${header.added.map((one) => JSON.stringify(one)).join()} added` : set;
      return [`answer header ${name}`, { text, at }];
    });
    return [...ofRequest, ...ofAnswer];
  }
}

function joined(about: string, stated: readonly Property[], between: string): [string, Property] | undefined {
  const [first] = stated;
  if (first === undefined) return undefined;
  return [about, { text: stated.map(({ text }) => text).join(between), at: first.at }];
}

function byText(a: Property, b: Property): number {
  return a.text < b.text ? -1 : 1;
}
