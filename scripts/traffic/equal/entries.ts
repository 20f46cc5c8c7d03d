import type { Plan } from "../compile/compile.ts";
import { clusterLocalNames, CLUSTER_DOMAIN, knativeHostNames } from "../hosts.ts";
import { type Destinations, meanTheSame } from "./symbolic/destinations.ts";
import type { SharedHosts } from "../compile/host-claims.ts";
import { pairedHosts } from "./paired-hosts.ts";
import { hostsOn, type Backend, type Listener } from "../table.ts";
import { type HostKind, hostsAt, hostText, listenersOf, rulesAt, rulesOf } from "./request-space/hosts.ts";

/** The description of one side. */
export interface Described {
  plan: Plan;
  /** Hosts for which the order of rules matters and is undefined. */
  shared: SharedHosts;
  /** The Knative Services, as `namespace/name`, that belong to the other side's files and are only looked up here. */
  borrowed: ReadonlySet<string>;
  /** The meaning of the rules' destinations. */
  destinations: Destinations;
  /** The listeners of Gateways that only this side refers to and that no file describes. @default none */
  uncertain?: ReadonlySet<Listener>;
}

/** A listener and host at which requests arrive, under names that may differ between the sides. */
export interface Entry {
  listener: Listener;
  hosts: readonly [HostKind, HostKind];
  /** Whether each side has rules or a backend there. */
  isThere: readonly [boolean, boolean];
}

/** The places to compare, and sentences about those that are left out. */
export interface Entries {
  entries: Entry[];
  notes: string[];
  /** Whether each side has hosts, but no two of them can be compared. */
  areApart?: true;
}

/**
 * Returns the places to compare: every host that either side describes. If the sides have no host in common, and one
 * describes a Knative Service and the other the rules of a host that leads to it, those two hosts are compared, and
 * so are the hosts of the tags.
 */
export function entriesOf(a: Described, b: Described): Entries {
  const [ofA, ofB] = [placesOf(a), placesOf(b)];
  const all = (): Entries => {
    const places = [...new Map([...ofA, ...ofB]).values()];
    const named = [...new Set([...a.destinations.hosts, ...b.destinations.hosts])];
    // Callers also reach these hosts directly; if both sides describe them alike, there is nothing to compare.
    const direct = named
      .filter((host) => !meanTheSame(a.destinations, b.destinations, host))
      .map((host) => ({ listener: "mesh" as const, host: hostKind(host) }))
      .filter(({ listener, host }) => !ofA.has(placeOf(listener, host)) && !ofB.has(placeOf(listener, host)));
    const entries = [...places, ...direct].map(({ listener, host }) => entryAt(a, b, listener, [host, host]));
    return { entries, notes: [] };
  };
  const hostsOfB = new Set([...ofB.values()].map(({ host }) => hostText(host)));
  const isCommon = [...ofA.values()].some(({ host }) => hostsOfB.has(hostText(host)));
  if (isCommon || ofA.size === 0 || ofB.size === 0) return all();
  const pairs = paired(a, b, ofA, ofB);
  const haveCommon = pairs.entries.length === 0 && (overlap(ofA, ofB) || overlap(ofB, ofA));
  if (haveCommon) return all();
  return pairs.entries.length > 0 ? pairs : { ...pairs, areApart: true };
}

function hostKind(host: string): HostKind {
  if (host === "*") return { kind: "other" };
  return host.startsWith("*") ? { kind: "suffix", suffix: host.slice(1) } : { kind: "host", host };
}

/** Whether hosts of one side lie in a wildcard of the other. */
function overlap(wild: Places, others: Places): boolean {
  return [...wild.values()].some(({ listener, host }) => {
    if (host.kind === "host") return false;
    return [...others.values()].some(({ listener: at, host: other }) => {
      if (at !== listener) return false;
      if (host.kind === "other") return true;
      if (other.kind === "other") return false;
      return (other.kind === "host" ? other.host : other.suffix).endsWith(host.suffix);
    });
  });
}

function entryAt(
  a: Described,
  b: Described,
  listener: Listener,
  hosts: readonly [HostKind, HostKind],
): Entry {
  return { listener, hosts, isThere: [serves(a, listener, hosts[0]), serves(b, listener, hosts[1])] };
}

/** Returns the same entries for other tables of the same hosts. */
export function entriesIn(a: Described, b: Described, entries: readonly Entry[]): Entry[] {
  return entries.map(({ listener, hosts }) => entryAt(a, b, listener, hosts));
}

/** Whether a listener of a side has rules for a host, by its name or a wildcard, or a backend. */
function serves({ plan: { table } }: Described, listener: Listener, host: HostKind): boolean {
  if (rulesAt(table, listener, host) !== undefined) return true;
  const backend = host.kind === "host" && listener === "mesh" ? table.backends.get(host.host) : undefined;
  return backend !== undefined && leadsToListener(backend);
}

/** Returns the place to compare if the user names a host, or one for each side. */
export function namedEntries(a: Described, b: Described, hosts: readonly [string, string]): Entries {
  const kinds = hosts.map((host): HostKind => ({ kind: "host", host })) as [HostKind, HostKind];
  const entries = listenersOf([a.plan.table, b.plan.table]).flatMap((listener): Entry[] => {
    const entry = entryAt(a, b, listener, kinds);
    return entry.isThere.includes(true) ? [entry] : [];
  });
  return { entries, notes: [] };
}

/** Returns the hosts of a side, for advice to the user. */
export function hostsOf(side: Described): string[] {
  const hosts = [...placesOf(side).values()].flatMap(({ host }) => (host.kind === "host" ? [host.host] : []));
  return [...new Set(hosts)];
}

function paired(a: Described, b: Described, ofA: Places, ofB: Places): Entries {
  const [hostsOfA, hostsOfB] = [fullNames(ofA), fullNames(ofB)];
  const forward = pairedHosts(a, b, hostsOfA, hostsOfB);
  const backward = (): [string, string][] =>
    pairedHosts(b, a, hostsOfB, hostsOfA).map(([ofB, ofA]) => [ofA, ofB]);
  const found = forward.length > 0 ? forward : backward();
  const entries = found.flatMap(([hostA, hostB]) => namedEntries(a, b, [hostA, hostB]).entries);
  const both = entries.filter(({ isThere }) => !isThere.includes(false));
  const isCompared = new Set(
    both.flatMap(({ listener, hosts }) => hosts.map((host) => placeOf(listener, host))),
  );
  const left = [...ofA, ...ofB].filter(([place, { host }]) => !isCompared.has(place) && isFullName(host));
  const hosts = [...new Set(left.map(([, { listener, host }]) => `${hostText(host)} (${listener})`))];
  const notes =
    both.length === 0 || hosts.length === 0
      ? []
      : [`not compared, because only one side has it: ${hosts.join(", ")}`];
  return { entries: both, notes };
}

function fullNames(places: Places): string[] {
  const names = [...places.values()].flatMap(({ host }) =>
    host.kind === "host" && isFullName(host) ? [host.host] : [],
  );
  return [...new Set(names)];
}

type Places = ReadonlyMap<string, { listener: Listener; host: HostKind }>;

/** Returns every host of a side at each listener, except those of borrowed services. */
function placesOf({ plan, borrowed }: Described): Places {
  const others = new Set(
    plan.services
      .filter(({ namespace, name }) => borrowed.has(`${namespace}/${name}`))
      .flatMap((service) =>
        knativeHostNames(service).flatMap((name) => clusterLocalNames(name, service.namespace)),
      ),
  );
  const isBorrowed = (host: string): boolean =>
    others.has(host) ||
    [...others].some((other) => host.startsWith(`${other.replace(`.${CLUSTER_DOMAIN}`, "")}.`));
  const places = new Map<string, { listener: Listener; host: HostKind }>();
  const add = (listener: Listener, host: HostKind): void =>
    void places.set(placeOf(listener, host), { listener, host });
  for (const listener of listenersOf([plan.table])) {
    for (const host of hostsAt(plan.table, listener))
      if (host.kind !== "host" || !isBorrowed(host.host)) add(listener, host);
  }
  for (const [host, backend] of plan.table.backends) {
    if (leadsToListener(backend) && !isBorrowed(host) && !host.startsWith("knative-local-gateway."))
      add("mesh", { kind: "host", host });
  }
  return places;
}

/**
 * Whether a backend is a host of its own; a backend that leads back to the caller's sidecar is only an intermediate
 * step.
 */
const leadsToListener = (backend: Backend): boolean =>
  backend.kind === "listener" && backend.listener !== "mesh";

function placeOf(listener: Listener, host: HostKind): string {
  return `${listener} ${hostText(host)}`;
}

function isFullName(host: HostKind): boolean {
  return host.kind === "host" && !/^[^.]+\.[^.]+(\.svc)?$/.test(host.host);
}

/** Returns all names and suffixes that either side has rules for, at any listener. */
export function namesOf(plans: readonly Plan[]): { hosts: Set<string>; suffixes: string[] } {
  const hosts = new Set<string>();
  const suffixes = new Set<string>();
  for (const { table } of plans) {
    for (const listener of listenersOf([table])) {
      const { exact, suffixes: ofListener } = hostsOn(table, listener);
      for (const host of exact.keys()) hosts.add(host);
      for (const [suffix] of ofListener) suffixes.add(suffix);
    }
    for (const host of table.backends.keys()) hosts.add(host);
  }
  return { hosts, suffixes: [...suffixes] };
}

/** Whether a rule of a table matches on the port of a request. */
export function asksPort(plans: readonly Plan[]): boolean {
  return plans.some(({ table }) =>
    rulesOf(table).some(({ matches }) =>
      matches.some(({ attributes = [] }) => attributes.some(([name]) => name === "port")),
    ),
  );
}

/** Whether a rule of a table matches on the authority itself. */
export function asksAuthority(plans: readonly Plan[]): boolean {
  return plans.some(({ table }) =>
    rulesOf(table).some(({ matches }) => matches.some((m) => m.authority !== undefined)),
  );
}
