import { directOutcome } from "../../../route-fields/direct-response/direct-response.ts";
import type { HeaderChange } from "../../../route-fields/headers/header-list.ts";
import { redirectOutcome } from "../../../route-fields/redirect/redirect.ts";
import { CLUSTER_DOMAIN, hostOf } from "../../hosts.ts";
import type { DirectAction, RedirectAction, RequestMatch } from "../../table.ts";
import {
  header,
  type Known,
  type Part,
  textOf,
  type Value,
  withMore as withMoreValue,
} from "../request-space/value.ts";
import type { AnswerHeader, Terminal, Tree } from "./tree.ts";
import { type SymbolicRequest, withPrefix } from "./symbolic-request.ts";

/** The context that determines the observable response of a revision. */
export interface Answering {
  revisionHeader: string | undefined;
  /** The known ones, as `namespace/name`. */
  revisions: ReadonlySet<string>;
  /** The requested host, if it is a single one. */
  asked: string | undefined;
  known: (part: Part) => Known;
}

const NAMESPACE = header("knative-serving-namespace");
const REVISION = header("knative-serving-revision");

/**
 * Headers that only route a request. Two descriptions with different hosts necessarily differ in them, so they are not
 * compared; their effect on Knative's activator is compared below.
 */
const OF_THE_WAY: ReadonlySet<Part> = new Set([
  NAMESPACE,
  REVISION,
  header("host"),
  header("k-network-hash"),
]);

/** The request is answered by a revision. */
export function revisionTerminal(
  revision: string,
  passing: SymbolicRequest,
  { revisionHeader, revisions, asked, known }: Answering,
): Terminal {
  const found = byActivator(passing, asked, known);
  const other = found !== undefined && revisions.has(found) ? found : "404, without Knative-Serving headers";
  const place = found === revision ? revision : `${revision} (through the activator ${other})`;
  const tells =
    revisionHeader === undefined
      ? []
      : [[revisionHeader, { set: revision.slice(revision.indexOf("/") + 1) }] as const];
  const headers = [...passing.headers].filter(([part]) => !OF_THE_WAY.has(part));
  return end(place, new Map([["uri", passing.uri], ...headers]), new Map(tells));
}

/**
 * Returns the revision that Knative's activator would choose; the activator is in front of a revision that is scaled
 * to zero or near its limit. Both headers name it, or else the host does. (serving,
 * pkg/activator/handler/context_handler.go)
 */
function byActivator(
  { headers, authority }: SymbolicRequest,
  asked: string | undefined,
  known: Answering["known"],
): string | undefined {
  const [namespace, revision] = [NAMESPACE, REVISION].map((part) => {
    const value = headers.get(part);
    return value === undefined ? undefined : textOf(value, known);
  });
  if (namespace && revision) return `${namespace}/${revision}`;
  const host = authority.kind === "text" ? hostOf(authority.text) : asked;
  const [name, of, ...domain] = host?.split(".") ?? [];
  return domain.join(".") === CLUSTER_DOMAIN ? `${of}/${name}` : undefined;
}

/** A destination that neither side describes. */
export function elsewhere(
  place: string,
  passing: SymbolicRequest,
  undescribed: Terminal["undescribed"],
): Terminal {
  const seen = [["uri", passing.uri], ["authority", passing.authority], ...passing.headers] as const;
  return { ...end(place, new Map(seen), new Map()), undescribed };
}

/** A response of the proxy itself. */
export function nowhere(place: string): Terminal {
  return end(place, new Map(), new Map());
}

/** A redirect that the proxy answers. */
export function redirectTerminal(
  action: RedirectAction,
  match: RequestMatch | true,
  { uri, authority }: SymbolicRequest,
): Terminal {
  // If the rule names no host it is the requested one, under any name on either side.
  const ownHost = authority.kind === "text" ? authority.text : "the host that was asked";
  const { name, path } = redirectOutcome(action, ownHost);
  return end(name, new Map([["path", valueOf()]]), new Map());

  function valueOf(): Value {
    if (path === "kept") return uri;
    return "text" in path ? { kind: "text", text: path.text } : withPrefix(path.prefix, match, uri);
  }
}

/** A response that a rule defines completely. */
export function directTerminal(action: DirectAction): Terminal {
  return end(directOutcome(action), new Map(), new Map());
}

function end(
  place: string,
  seen: ReadonlyMap<string, Value>,
  answer: ReadonlyMap<string, AnswerHeader>,
): Terminal {
  return { kind: "terminal", place, undescribed: undefined, seen, answer, way: [], by: [] };
}

/** Returns a tree whose responses pass each change in turn. */
export function answered(tree: Tree, changes: readonly HeaderChange[]): Tree {
  if (changes.every(({ set, add, remove }) => set.length + add.length + remove.length === 0)) return tree;
  switch (tree.kind) {
    case "chance":
      return { ...tree, ways: tree.ways.map(([share, way]) => [share, answered(way, changes)] as const) };
    case "attempts":
      return { ...tree, of: answered(tree.of, changes) };
    case "terminal": {
      const answer = new Map(tree.answer);
      for (const { remove, set, add } of changes) {
        for (const name of remove) answer.set(name, { removed: true });
        for (const [name, text] of set) answer.set(name, { set: text });
        for (const [name, text] of add) answer.set(name, withMore(answer.get(name), text));
      }
      return { ...tree, answer };
    }
  }
}

function withMore(before: AnswerHeader | undefined, text: string): AnswerHeader {
  if (before === undefined) return { added: [text] };
  if ("removed" in before) return { set: text };
  if ("reflected" in before) return { reflected: withMoreValue(before.reflected, text) };
  return "set" in before ? { set: `${before.set},${text}` } : { added: [...before.added, text] };
}

/** Returns a tree whose responses have these headers in place of their own. */
export function answeredWith(tree: Tree, headers: readonly (readonly [name: string, value: Value])[]): Tree {
  switch (tree.kind) {
    case "chance":
      return { ...tree, ways: tree.ways.map(([share, way]) => [share, answeredWith(way, headers)] as const) };
    case "attempts":
      return { ...tree, of: answeredWith(tree.of, headers) };
    case "terminal": {
      const answer = new Map(tree.answer);
      for (const [name, value] of headers)
        answer.set(name, value.kind === "text" ? { set: value.text } : { reflected: value });
      return { ...tree, answer };
    }
  }
}
