import type { Listener, RouteTable, Rule } from "../table.ts";
import { type HostKind, rulesAt } from "./request-space/hosts.ts";

const KNATIVE_HEADERS = ["knative-serving-namespace", "knative-serving-revision"];

/**
 * A text that is the same for places where a table does the same with every request, whatever the place's name; undefined
 * where the name matters or nothing is known.
 */
export function memoKeyAt(table: RouteTable, listener: Listener, host: HostKind): string | undefined {
  const rules = rulesAt(table, listener, host);
  if (rules === undefined || !rules.every(forgetsHost)) return undefined;
  return rules.map(({ matches, action }) => [...matches, action].map(numberOf).join()).join(";");
}

/** Whether the outcome of a rule is independent of the requested host. */
function forgetsHost({ matches, action }: Rule): boolean {
  if (matches.some(({ authority }) => authority !== undefined)) return false;
  if (action.kind !== "forward") return true;
  if (action.mirrors.length > 0) return false;
  return action.destinations.every(({ backend, authority, request }) => {
    if (authority !== undefined) return true;
    const set = new Set([...request.set, ...action.request.set].map(([name]) => name));
    return backend.kind === "revision" && KNATIVE_HEADERS.every((name) => set.has(name));
  });
}

const numbers = new WeakMap<object, number>();
let last = 0;

/** A number for each object: the rules of one VirtualService share theirs wherever they hold. */
function numberOf(of: object): number {
  let number = numbers.get(of);
  if (number === undefined) {
    number = ++last;
    numbers.set(of, number);
  }
  return number;
}
