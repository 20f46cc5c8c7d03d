import type { Position } from "../manifests/problem.ts";
import type { HeaderChange } from "../route-fields/headers/header-list.ts";

/**
 * The places where a request can enter:
 * - `ingress`, the public port of the Istio ingress gateway;
 * - `local-gateway`, its second port, which Knative's cluster-local hosts resolve to;
 * - `mesh`, the sidecar of a caller in the cluster;
 * - `gateway …`, any other port of a gateway, or the one of a server with TLS: its pods and port, and the hosts of a
 *   server with TLS, which has separate rules.
 */
export type Listener = LocalListener | GatewayListener;

/** The listeners that every mesh has, with any Gateways. */
export type LocalListener = "ingress" | "local-gateway" | "mesh";

export type GatewayListener = `gateway ${string}`;

/** Whether a listener is a port of a gateway besides the ingress gateway's own two. */
export function isOfGateway(listener: Listener): listener is GatewayListener {
  return listener.startsWith("gateway ");
}

/** Whether callers speak TLS with a listener. */
export function speaksTls(listener: Listener): boolean {
  return listener.includes(", TLS for ");
}

/** A comparison with a string. A regex is RE2 and must match the whole string, as in Envoy. */
export interface StringMatch {
  kind: "exact" | "prefix" | "regex";
  value: string;
}

/** A string match, or the presence of a value, even an empty one. */
export type ValueMatch = StringMatch | { kind: "present" };

/** Named values that must be present and match. */
export type NamedMatches = ReadonlyArray<readonly [name: string, match: ValueMatch]>;

/** A condition on a request: every part that is given must hold. */
export interface RequestMatch {
  /** Compared with the path as received, without the query. */
  uri: StringMatch | undefined;
  /** Whether an exact or prefix match of the path ignores the case of `A` to `Z`; it does not affect a regex. */
  ignoreUriCase: boolean;
  method: StringMatch | undefined;
  authority: StringMatch | undefined;
  /** Names are in lower case. One match among several fields of one name is enough (Envoy since 1.39). */
  headers: NamedMatches;
  /** None of these may hold. A missing header counts as an empty one, except for presence. */
  withoutHeaders: NamedMatches;
  /** The first of several parameters with one name counts. Neither names nor values are decoded. */
  queryParams: NamedMatches;
  /**
   * Conditions on the connection and the caller, by the names of `attributes.ts`. The local mesh has none of these
   * attributes and refuses such rules; `equal` decides them like any other part of a request.
   */
  attributes?: NamedMatches;
}

/** A destination of a route, and its weight. */
export interface Destination {
  host: string;
  port: number;
  /** Whether no port is set, which means the only port of the Service on a cluster. */
  isPortDefault?: true | undefined;
  /** The subset of a DestinationRule that selected it. */
  subset: string | undefined;
  /** Relative to the sum of the weights of its route. A table has no destinations with weight zero. */
  weight: number;
  /** The new Host of the request, if it changes. */
  authority: string | undefined;
  request: HeaderChange;
  response: HeaderChange;
  backend: Backend;
}

/** The backend of a host. */
export type Backend =
  | { kind: "revision"; revision: string }
  /** Another listener of the mesh, at which the request is routed again by its Host. */
  | { kind: "listener"; listener: Listener };

export interface RetryPolicy {
  /** The number of retries of a failed request. */
  attempts: number;
  perTryTimeoutMs: number | undefined;
  /** Conditions in Envoy's form (`x-envoy-retry-on`), and status codes. */
  on: readonly string[];
  /** The longest wait before the first retry; each further one may be twice as long, up to ten times this. */
  backOffMs: number;
  /** Whether a retry prefers a process that has not failed this request yet. */
  avoidsTried: boolean;
  /** Whether retries may leave the locality of the first try. */
  remoteLocalities: boolean;
}

/** Delays and aborts of some of the requests. */
export interface Fault {
  /** Percent of the requests, from 0 to 100, to the fourth decimal place. */
  delay: { percent: number; ms: number } | undefined;
  abort: { percent: number; status: number } | undefined;
}

/** Destinations of copies of some of the requests. Their responses are discarded. */
export interface Mirror {
  host: string;
  port: number;
  /** As in Destination. */
  isPortDefault?: true | undefined;
  subset: string | undefined;
  /** From 0 to 100, to the fourth decimal place. */
  percent: number;
  backend: Backend;
}

/** Replaces every match of a regular expression in the path; `\\1` to `\\9` are its groups, `\\0` the match. */
export interface RegexRewrite {
  pattern: string;
  substitution: string;
}

/** The origins that may read responses in a browser. Texts are header values; an empty one sets no header. */
export interface CorsPolicy {
  allowOrigins: readonly StringMatch[];
  /** `*` means the value that a preflight requests, here and in `allowHeaders`. */
  allowMethods: string;
  allowHeaders: string;
  exposeHeaders: string;
  /** Seconds for which a browser may keep the response to a preflight. */
  maxAge: string;
  allowCredentials: boolean;
  /** Whether preflights of origins that are not allowed are forwarded like any request. */
  forwardsUnmatched: boolean;
}

export interface ForwardAction {
  kind: "forward";
  destinations: readonly Destination[];
  totalWeight: number;
  /** Replaces the matched prefix, or the whole path if an exact or regex match chose the rule. */
  rewriteUri: string | undefined;
  rewriteRegex: RegexRewrite | undefined;
  fault: Fault | undefined;
  cors?: CorsPolicy;
  mirrors: readonly Mirror[];
  timeoutMs: number | undefined;
  retry: RetryPolicy;
  request: HeaderChange;
  response: HeaderChange;
}

export interface RedirectAction {
  kind: "redirect";
  status: number;
  /** Replaces the whole path. */
  uri: string | undefined;
  /** Replaces the matched prefix of the path. */
  prefix: string | undefined;
  authority: string | undefined;
  scheme: string | undefined;
  port: number | undefined;
  response: HeaderChange;
}

/** A response of the proxy itself. */
export interface DirectAction {
  kind: "direct";
  status: number;
  body: Uint8Array;
  response: HeaderChange;
}

/** A rule: the first whose condition holds decides. */
export interface Rule {
  /** Its position in the files. */
  at: Position;
  /** Any of these must hold; an empty list always holds. */
  matches: readonly RequestMatch[];
  action: ForwardAction | RedirectAction | DirectAction;
}

/** The rules of the hosts of one listener. */
export interface VirtualHosts {
  /** By host name, in lower case. */
  exact: ReadonlyMap<string, readonly Rule[]>;
  /** `*.example.com` as `.example.com`, the longest first. */
  suffixes: ReadonlyArray<readonly [suffix: string, rules: readonly Rule[]]>;
  /** The host `*`. */
  any: readonly Rule[] | undefined;
}

/** The policy that keeps the requests of one caller on one pod. */
export type HashPolicy =
  | { kind: "header" | "query"; name: string }
  | { kind: "address" }
  /** A caller without the cookie gets one if the policy has a lifetime; 0 seconds mean the browser's session. */
  | { kind: "cookie"; name: string; path: string | undefined; ttlSeconds: number | undefined };

/** The policies of hosts, which may have a wildcard, and of their subsets. */
export type HashPolicies = ReadonlyMap<
  string,
  { all: HashPolicy | undefined; subsets: ReadonlyMap<string, HashPolicy> }
>;

/** The complete routing configuration. */
export interface RouteTable {
  /** Gateways' listeners are present only if they have rules. */
  listeners: Readonly<Record<LocalListener, VirtualHosts>> &
    Readonly<Partial<Record<GatewayListener, VirtualHosts>>>;
  /** The backend of each cluster-local host, for hosts without rules. */
  backends: ReadonlyMap<string, Backend>;
  /** The policies that keep requests on one pod. */
  hashPolicies?: HashPolicies;
  /** The full host of a name without a namespace, for callers in the cluster. */
  shortNames?: ReadonlyMap<string, string>;
  /** A rule in front of a revision (`namespace/name`): the last hop of each request to it. */
  revisionFilters?: ReadonlyMap<string, Rule & { action: ForwardAction }>;
}

const NO_HOSTS: VirtualHosts = { exact: new Map(), suffixes: [], any: undefined };

/** Returns the hosts that a listener of a table serves; none for an unknown listener. */
export function hostsOn({ listeners }: RouteTable, listener: Listener): VirtualHosts {
  return listeners[listener] ?? NO_HOSTS;
}
