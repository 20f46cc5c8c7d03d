import { rulesFor } from "../../rule-index.ts";
import { hostsOn, type Listener, type RouteTable, type Rule } from "../../table.ts";

/** A host of a table, or all hosts that no other name is for. */
export type HostKind =
  { kind: "host"; host: string } | { kind: "suffix"; suffix: string } | { kind: "other" };

/** The listeners of tables, each once. */
export function listenersOf(tables: readonly RouteTable[]): Listener[] {
  const names = tables.flatMap(({ listeners }) => Object.keys(listeners) as Listener[]);
  return [...new Set<Listener>(["mesh", "local-gateway", "ingress", ...names])];
}

/** A host as people write it. */
export function hostText(host: HostKind): string {
  if (host.kind === "host") return host.host;
  return host.kind === "suffix" ? `*${host.suffix}` : "*";
}

/** The hosts that a listener has rules for. */
export function hostsAt(table: RouteTable, listener: Listener): HostKind[] {
  const { exact, suffixes, any } = hostsOn(table, listener);
  return [
    ...[...exact.keys()].map((host): HostKind => ({ kind: "host", host })),
    ...suffixes.map(([suffix]): HostKind => ({ kind: "suffix", suffix })),
    ...(any === undefined ? [] : [{ kind: "other" } as const]),
  ];
}

/** The rules for a host at a listener; for a kind of hosts those that all of them have. */
export function rulesAt(table: RouteTable, listener: Listener, host: HostKind): readonly Rule[] | undefined {
  if (host.kind === "host") return rulesFor(hostsOn(table, listener), host.host);
  const { suffixes, any } = hostsOn(table, listener);
  if (host.kind === "other") return any;
  return suffixes.find(([suffix]) => host.suffix.endsWith(suffix))?.[1] ?? any;
}

/** The host or wildcard of a listener whose rules are those for a host, as it is written; undefined without rules. */
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

/** All rules of a table, each once. */
export function rulesOf(table: RouteTable): Rule[] {
  const lists = listenersOf([table]).flatMap((listener) =>
    hostsAt(table, listener).map((host) => rulesAt(table, listener, host) ?? []),
  );
  return [...new Set(lists.flat())];
}
