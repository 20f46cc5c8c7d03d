import type { Listener, RouteTable, Rule } from "../table.ts";
import { type HostKind, rulesAt } from "./request-space/hosts.ts";

const KNATIVE_HEADERS = ["knative-serving-namespace", "knative-serving-revision"];

/**
 * Returns the same text for places where a table treats every request the same, apart from the place's name;
 * undefined if the name matters or nothing is known.
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

/** Returns a number for each object. The rules of one VirtualService are shared by all its hosts. */
function numberOf(of: object): number {
  let number = numbers.get(of);
  if (number === undefined) {
    number = ++last;
    numbers.set(of, number);
  }
  return number;
}
