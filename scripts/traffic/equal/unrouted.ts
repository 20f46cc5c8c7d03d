import { DEFAULT_RETRY } from "../../route-fields/retries/retries.ts";
import type { Rule } from "../table.ts";
import { directTo } from "./symbolic/destinations.ts";
import type { Described, Entry } from "./entries.ts";
import { type HostKind, hostText, rulesOf } from "./request-space/hosts.ts";
import { sent, type Value } from "./request-space/value.ts";
import { clusterName } from "./symbolic/arrival.ts";
import type { Side } from "./symbolic/side.ts";
import { elsewhere } from "./symbolic/terminals.ts";
import { after, type Tree, tried } from "./symbolic/tree.ts";

/** Returns the hosts of known Services: those that files describe, and those that rules forward to. */
export function servicesOf(sides: readonly Described[]): Set<string> {
  return new Set(
    sides.flatMap(({ plan, destinations }) => [
      ...destinations.hosts,
      ...rulesOf(plan.table).flatMap(destinationHosts),
    ]),
  );
}

/**
 * Returns the outcome of requests to a host without rules: a gateway has no route, and a sidecar sends them to the
 * Service of that name, as a rule without conditions would.
 * @param services the hosts of known Services
 */
export function unrouted(
  { destinations }: Side,
  { listener }: Entry,
  host: HostKind,
  authority: Value,
  services: ReadonlySet<string>,
): Tree {
  const named = host.kind === "host" ? clusterName(host.host) : hostText(host);
  if (listener !== "mesh" || !services.has(named)) return NOTHING;
  const { place, unmodelled } = destinations.meaningOf(directTo(named));
  const passing = { uri: sent("uri"), authority, headers: new Map(), isBlurred: false };
  const at = { file: "no rule", line: 1, column: 1 };
  const there = elsewhere(place, passing, undefined);
  const tree = unmodelled.reduce<Tree>((behind, step) => after(step, behind), there);
  return tried(DEFAULT_RETRY, at, tree);
}

function destinationHosts({ action }: Rule): string[] {
  return action.kind === "forward" ? action.destinations.map(({ host }) => host) : [];
}

/** The outcome of a gateway that has no rules for a host. */
const NOTHING: Tree = {
  kind: "terminal",
  place: "404 (no route)",
  undescribed: undefined,
  seen: new Map(),
  answer: new Map(),
  way: [],
  by: [],
};
