import type { Position } from "../manifests/problem.ts";
import type { HeaderChange } from "./headers.ts";

/**
 * The places where a request can enter:
 * - `ingress`, the public port of the Istio ingress gateway;
 * - `local-gateway`, its second port, which Knative's cluster-local hosts resolve to;
 * - `mesh`, the sidecar of whoever calls from within the cluster.
 */
export type Listener = "ingress" | "local-gateway" | "mesh";

/** How a string is compared. A regex is RE2 and must match the whole string, as in Envoy. */
export interface StringMatch {
  kind: "exact" | "prefix" | "regex";
  value: string;
}

/** A condition on a request: every part that is given must hold. */
export interface RequestMatch {
  uri: StringMatch | undefined;
  method: StringMatch | undefined;
  authority: StringMatch | undefined;
  headers: ReadonlyArray<readonly [name: string, match: StringMatch]>;
}

/** One of the places that a route sends requests to, and how often. */
export interface Destination {
  host: string;
  port: number;
  /** Relative to the sum of the weights of its route. Zero-weight destinations are not in a table. */
  weight: number;
  /** What the request's Host becomes on the way there, when it changes. */
  authority: string | undefined;
  request: HeaderChange;
  response: HeaderChange;
  backend: Backend;
}

/** What stands behind a host. */
export type Backend =
  | { kind: "revision"; revision: string }
  /** Another listener of the mesh, where the request is routed again by its Host. */
  | { kind: "listener"; listener: Listener };

export interface RetryPolicy {
  /** How many times more a failed request is sent. */
  attempts: number;
  perTryTimeoutMs: number | undefined;
  /** Conditions as Envoy names them (`x-envoy-retry-on`), and status codes. */
  on: readonly string[];
}

export interface ForwardAction {
  kind: "forward";
  destinations: readonly Destination[];
  totalWeight: number;
  /** Replaces the matched prefix, or the whole path where an exact or regex match chose the rule. */
  rewriteUri: string | undefined;
  timeoutMs: number | undefined;
  retry: RetryPolicy;
  request: HeaderChange;
  response: HeaderChange;
}

export interface RedirectAction {
  kind: "redirect";
  status: number;
  uri: string | undefined;
  authority: string | undefined;
  scheme: string | undefined;
  port: number | undefined;
  response: HeaderChange;
}

/** A rule: the first whose condition holds decides. */
export interface Rule {
  /** Where it is written. */
  at: Position;
  /** Any of these must hold; an empty list always holds. */
  matches: readonly RequestMatch[];
  action: ForwardAction | RedirectAction;
}

/** The rules of the hosts that one listener serves. */
export interface VirtualHosts {
  /** By host name, in lower case. */
  exact: ReadonlyMap<string, readonly Rule[]>;
  /** `*.example.com` as `.example.com`, the longest first. */
  suffixes: ReadonlyArray<readonly [suffix: string, rules: readonly Rule[]]>;
  /** The host `*`. */
  any: readonly Rule[] | undefined;
}

/** All that decides where a request goes. */
export interface RouteTable {
  listeners: Readonly<Record<Listener, VirtualHosts>>;
  /** What answers at a cluster-local host that no rule covers. */
  backends: ReadonlyMap<string, Backend>;
}

/** The rules for a host, which must be in lower case and without a port; the most specific name wins. */
export function rulesFor(hosts: VirtualHosts, host: string): readonly Rule[] | undefined {
  const exact = hosts.exact.get(host);
  if (exact !== undefined) return exact;
  for (const [suffix, rules] of hosts.suffixes) {
    if (host.length > suffix.length && host.endsWith(suffix)) return rules;
  }
  return hosts.any;
}
