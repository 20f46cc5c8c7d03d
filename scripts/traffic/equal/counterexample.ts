import type { Listener } from "../table.ts";
import { exampleHost } from "./compare.ts";
import { type Contrast, contrastsOf } from "./contrast.ts";
import type { Entry } from "./entries.ts";
import { hostText } from "./request-space/hosts.ts";
import { share } from "./symbolic/rational.ts";
import type { Cell, RequestSpace } from "./request-space/request-space.ts";
import type { Known, Part } from "./request-space/value.ts";
import { terminalsOf, describeTerminal } from "./symbolic/describe.ts";
import { type Terminal, partsSeen, textOfTree, type Tree } from "./symbolic/tree.ts";

/** A request that two descriptions treat differently, as a client can send it. */
export interface Counterexample {
  method: string;
  path: string;
  /** Name and value of each parameter of the query. */
  query: readonly (readonly [name: string, value: string])[];
  headers: readonly (readonly [name: string, value: string])[];
  /** Name and value of each attribute of the connection and the caller that rules match on; see attributes.ts. */
  attributes: readonly (readonly [name: string, value: string])[];
  /** Its Host on either side. */
  hosts: readonly [string, string];
}

/** A terminal that a request can reach, and how often. */
export interface TerminalShare {
  /** `50 %`, or a fraction if the percentage is not exact. */
  share: string;
  place: string;
  /** As in `Terminal`. */
  undescribed: Terminal["undescribed"];
  /** The changes by rules on the way, as text. */
  details: readonly string[];
}

/** A request that two descriptions treat differently. */
export interface Difference {
  listener: Listener;
  hosts: readonly [string, string];
  /** The callers that send such requests, if `exportTo` makes a difference: a namespace, as text. */
  callers?: string;
  request: Counterexample;
  /** The destinations on either side. */
  sides: readonly [readonly TerminalShare[], readonly TerminalShare[]];
  /** The differing properties, if the destinations and their shares are the same. */
  differs: readonly Contrast[];
}

/** Finds a request of a cell for which two trees differ, trying simple ones first; undefined if none is found. */
export function findCounterexample(
  trees: readonly [Tree, Tree],
  entry: Entry,
  space: RequestSpace,
  cell: Cell,
): Difference | undefined {
  const parts = [
    ...new Set([...cell.keys(), "uri", "method", ...trees.flatMap((tree) => [...partsSeen(tree)])]),
  ];
  const examples = new Map(parts.map((part) => [part, space.examples(cell, part)]));
  for (const words of choices(examples)) {
    const known = (part: Part): Known => ({ is: words.get(part) });
    const [x, y] = trees.map((tree) => textOfTree(tree, known));
    if (x === y) continue;
    const authority = words.get("authority") ?? exampleHost(entry.hosts[0]);
    const sides = trees.map((tree) =>
      [...terminalsOf(tree, known)].map(([, { share: of, terminal, before }]): TerminalShare => {
        const { place, undescribed } = terminal;
        return {
          share: share(of),
          place,
          undescribed,
          details: [...before, ...describeTerminal(terminal, known)],
        };
      }),
    ) as [TerminalShare[], TerminalShare[]];
    return {
      listener: entry.listener,
      hosts: [hostText(entry.hosts[0]), hostText(entry.hosts[1])],
      request: {
        method: words.get("method") ?? "GET",
        path: words.get("uri") ?? "/",
        query: named("query ", words),
        headers: named("header ", words),
        attributes: named("attribute ", words),
        hosts: [authority, other(authority, entry)],
      },
      sides,
      differs: contrastsOf(trees, known),
    };
  }
  return undefined;
}

/** The same port on the other side's name. */
function other(authority: string, { hosts }: Entry): string {
  if (hostText(hosts[0]) === hostText(hosts[1])) return authority;
  return exampleHost(hosts[1]) + authority.slice(exampleHost(hosts[0]).length);
}

function named(prefix: string, words: ReadonlyMap<Part, string | undefined>): [string, string][] {
  return [...words].flatMap(([part, text]) =>
    part.startsWith(prefix) && text !== undefined
      ? [[part.slice(prefix.length), text] as [string, string]]
      : [],
  );
}

/**
 * Yields one example of each part: first the simplest of all, then each of the others alone, then all others
 * together.
 */
function* choices(
  examples: ReadonlyMap<Part, readonly (string | undefined)[]>,
): Generator<ReadonlyMap<Part, string | undefined>> {
  const plain = new Map([...examples].map(([part, [first]]) => [part, first]));
  yield plain;
  for (const [part, [, ...others]] of examples) {
    for (const text of others) yield new Map([...plain, [part, text]]);
  }
  yield new Map([...examples].map(([part, texts]) => [part, texts.at(-1)]));
}
