import type { HeaderChange } from "../../../route-fields/headers/header-list.ts";
import { mayAddQuery } from "../../../route-fields/rewrite/rewrite.ts";
import type { ForwardAction, RequestMatch } from "../../table.ts";
import { droppedBy } from "../request-space/conditions-on-request.ts";
import { header, type Part, sent, type Value, withFront, withMore } from "../request-space/value.ts";
import { Undecidable } from "../automata/automaton.ts";

/** A request on its way, as a function of the request as it was sent. */
export interface SymbolicRequest {
  uri: Value;
  authority: Value;
  headers: ReadonlyMap<Part, Value>;
  /** Whether a rewrite may have put a query into the path, so that neither is known. */
  isBlurred: boolean;
}

/** Returns the current value of a part of the request. */
export function partOf(part: Part, { uri, authority, headers }: SymbolicRequest): Value {
  if (part === "uri") return uri;
  if (part === "authority") return authority;
  return headers.get(part) ?? sent(part);
}

/** Applies a change to headers in Envoy's order. */
export function applyTo(headers: Map<Part, Value>, { remove, set, add }: HeaderChange): void {
  for (const name of remove) headers.set(header(name), { kind: "absent" });
  for (const [name, text] of set) headers.set(header(name), { kind: "text", text });
  for (const [name, text] of add)
    headers.set(header(name), withMore(headers.get(header(name)) ?? sent(header(name)), text));
}

/** Returns a path with its matched prefix replaced. @throws Undecidable if the result cannot be expressed */
export function withPrefix(prefix: string, match: RequestMatch | true, uri: Value): Value {
  const dropped = droppedBy(match === true ? undefined : match);
  if (dropped === undefined) return { kind: "text", text: prefix };
  const changed = withFront(uri, dropped, prefix);
  if (changed === undefined)
    throw new Undecidable("a path that a regular expression has rewritten is rewritten again");
  return changed;
}

/** Returns the request with its path rewritten by a rule. @throws Undecidable if the result cannot be expressed */
export function rewrittenBy(
  action: ForwardAction,
  match: RequestMatch | true,
  passing: SymbolicRequest,
): SymbolicRequest {
  const { rewriteUri, rewriteRegex } = action;
  let { uri } = passing;
  if (rewriteUri !== undefined) uri = withPrefix(rewriteUri, match, uri);
  if (rewriteRegex !== undefined) uri = { kind: "rewritten", of: uri, by: rewriteRegex };
  return { ...passing, uri, isBlurred: passing.isBlurred || mayAddQuery(action) };
}
