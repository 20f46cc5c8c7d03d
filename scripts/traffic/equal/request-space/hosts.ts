import { rulesFor } from "../../rule-index.ts";
import { hostsOn, type Listener, type RouteTable, type Rule } from "../../table.ts";

/** A host of a table, or the hosts of a wildcard that no other name covers. */
export type HostKind =
  { kind: "host"; host: string } | { kind: "suffix"; suffix: string } | { kind: "other" };

/** Returns the listeners of tables without duplicates. */
export function listenersOf(tables: readonly RouteTable[]): Listener[] {
  const names = tables.flatMap(({ listeners }) => Object.keys(listeners) as Listener[]);
  return [...new Set<Listener>(["mesh", "local-gateway", "ingress", ...names])];
}

/** Formats a host for the user. */
export function hostText(host: HostKind): string {
  if (host.kind === "host") return host.host;
  return host.kind === "suffix" ? `*${host.suffix}` : "*";
}

/** Returns the hosts that a listener has rules for. */
export function hostsAt(table: RouteTable, listener: Listener): HostKind[] {
  const { exact, suffixes, any } = hostsOn(table, listener);
  return [
    ...[...exact.keys()].map((host): HostKind => ({ kind: "host", host })),
    ...suffixes.map(([suffix]): HostKind => ({ kind: "suffix", suffix })),
    ...(any === undefined ? [] : [{ kind: "other" } as const]),
  ];
}

/** Returns the rules for a host at a listener; for a kind of hosts, the rules common to all of them. */
export function rulesAt(table: RouteTable, listener: Listener, host: HostKind): readonly Rule[] | undefined {
  if (host.kind === "host") return rulesFor(hostsOn(table, listener), host.host);
  const { suffixes, any } = hostsOn(table, listener);
  if (host.kind === "other") return any;
  return suffixes.find(([suffix]) => host.suffix.endsWith(suffix))?.[1] ?? any;
}

/** Returns the host or wildcard, as written, whose rules apply to a host; undefined without rules. */
export function patternAt(table: RouteTable, listener: Listener, host: HostKind): string | undefined {
  const { exact, suffixes, any } = hostsOn(table, listener);
  if (host.kind === "host" && exact.has(host.host)) return host.host;
  const suffix = suffixes.find(([suffix]) => {
    if (host.kind === "host") return host.host.length > suffix.length && host.host.endsWith(suffix);
    return host.kind === "suffix" && host.suffix.endsWith(suffix);
  })?.[0];
  if (suffix !== undefined) return `*${suffix}`;
  return any === undefined ? undefined : "*";
}

/** Returns all rules of a table without duplicates. */
export function rulesOf(table: RouteTable): Rule[] {
  const lists = listenersOf([table]).flatMap((listener) =>
    hostsAt(table, listener).map((host) => rulesAt(table, listener, host) ?? []),
  );
  return [...new Set(lists.flat())];
}
