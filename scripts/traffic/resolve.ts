import type { HeaderChange, HeaderList } from "../route-fields/headers/header-list.ts";
import { hostOf } from "./hosts.ts";
import { pathOf } from "../route-fields/match/match.ts";
import { ownLocation, redirected } from "../route-fields/redirect/redirect.ts";
import { REQUEST_FILTERS } from "../route-fields/families.ts";
import type { FilterReply } from "../route-fields/field-family.ts";
import {
  hostsOn,
  isOfGateway,
  type Backend,
  type Destination,
  type ForwardAction,
  type Listener,
  type Mirror,
  type RouteTable,
  type Rule,
  speaksTls,
} from "./table.ts";
import { copied, draw, forward } from "./router.ts";
import { firstRule, rulesFor } from "./rule-index.ts";

/** A request on its way; routing changes a copy of it. */
export interface RoutedRequest {
  method: string;
  target: string;
  authority: string;
  headers: HeaderList;
}

/** A copy of a request for a mirror. */
export interface Mirrored {
  mirror: Mirror;
  request: RoutedRequest;
}

/** One routing decision for a request: an ingress rule, then perhaps one of the local gateway. */
export interface Hop {
  rule: Rule;
  /** The destination that was drawn, or undefined if the request was not forwarded. */
  destination: Destination | undefined;
  /** The changes of the response by this hop, in order. */
  response: readonly HeaderChange[];
  /** The request as it reached this hop, kept if the rule may retry it. */
  before: { listener: Listener; request: RoutedRequest } | undefined;
  /** The delay before the rule acts on the request, in milliseconds. */
  delayMs: number;
  /** The copies that are sent from here. */
  mirrored: readonly Mirrored[];
}

/** The end of a request's way, with the hops from outside in. */
export type Resolution =
  | { kind: "revision"; revision: string; request: RoutedRequest; hops: readonly Hop[] }
  | { kind: "redirect"; status: number; location: string; hops: readonly Hop[] }
  /** As in Envoy, responses of some statuses have a location: the request's own address. */
  | {
      kind: "direct";
      status: number;
      body: Uint8Array;
      location: string | undefined;
      hops: readonly Hop[];
    }
  /** A fault of a rule, with the revision that would have answered if it was chosen already. */
  | { kind: "abort"; status: number; revision?: string; hops: readonly Hop[] }
  | { kind: "nowhere"; status: 404 | 500; reason: string; hops: readonly Hop[] };

/** The previous hops, and the decisions by chance. */
export interface ResolveOptions {
  /** The hops before this listener, if the request is routed again from there. */
  earlier?: readonly Hop[];
  /** The hop that retries a request: it keeps its destination, and neither faults nor mirrors act twice. */
  again?: Hop | undefined;
  /** Adjusts a destination that the weights chose. @default keeps it */
  settle?(action: ForwardAction, drawn: Destination): Destination;
  /** Draws whether `percent` of all requests include this one. @default never */
  happens?(percent: number): boolean;
}

/** Returns the revision that answers, or would have answered without a fault. */
export function revisionOf(resolution: Resolution | undefined): string | undefined {
  return resolution?.kind === "revision" || resolution?.kind === "abort" ? resolution.revision : undefined;
}

// A path through the gateways has fewer hops: a route with more is a cycle.
const MAX_HOPS = 8;

/**
 * Follows a request from a listener to the revision that answers it.
 * @param random returns a number in [0, 1) for each weighted choice, and for each fault and mirror that applies to
 *   some requests
 */
export function resolve(
  table: RouteTable,
  listener: Listener,
  incoming: RoutedRequest,
  random: () => number,
  options: ResolveOptions = {},
): Resolution {
  const happens = (percent: number): boolean => percent >= 100 || (percent > 0 && random() * 100 < percent);
  const choose = (action: ForwardAction): Destination => {
    const drawn = draw(action, random);
    return options.settle?.(action, drawn) ?? drawn;
  };
  return resolveBy(table, listener, incoming, choose, { happens, ...options });
}

/** As `resolve`, with another way to choose among the destinations of a rule. */
export function resolveBy(
  table: RouteTable,
  listener: Listener,
  incoming: RoutedRequest,
  choose: (action: ForwardAction) => Destination,
  { earlier = [], again, happens = () => false }: ResolveOptions = {},
): Resolution {
  const hops = [...earlier];
  const request: RoutedRequest = { ...incoming, headers: incoming.headers.copy() };
  let at = listener;
  for (let steps = hops.length; steps < MAX_HOPS; steps++) {
    const asked = hostOf(request.authority);
    const host = (at === "mesh" ? table.shortNames?.get(asked) : undefined) ?? asked;
    const rules = rulesFor(hostsOn(table, at), host);
    let backend: Backend | undefined;
    if (rules !== undefined) {
      const found = firstRule(rules, request);
      if (found === undefined) return { kind: "nowhere", status: 404, reason: noRule(at, request), hops };
      const { rule, match } = found;
      const { action } = rule;
      if (action.kind !== "forward") {
        hops.push({
          rule,
          destination: undefined,
          response: [action.response],
          before: undefined,
          delayMs: 0,
          mirrored: [],
        });
        const scheme = speaksTls(at) ? "https" : "http";
        if (action.kind === "direct") {
          const { status, body } = action;
          return { kind: "direct", status, body, location: ownLocation(status, request, scheme), hops };
        }
        const location = redirected(action, match, request, scheme);
        return { kind: "redirect", status: action.status, location, hops };
      }
      const retried = steps === earlier.length ? again : undefined;
      const passed = passFilters(action, request, retried === undefined ? happens : () => false);
      const { delayMs, reply } = passed;
      if (reply !== undefined) {
        const changes = reply.withRouteChanges
          ? [(retried?.destination ?? choose(action)).response, action.response]
          : [];
        hops.push({
          rule,
          destination: undefined,
          response: [reply.headers, ...changes, ...passed.response],
          before: undefined,
          delayMs,
          mirrored: [],
        });
        return replied(reply);
      }
      const destination = retried?.destination ?? choose(action);
      const before =
        action.retry.attempts === 0
          ? undefined
          : { listener: at, request: { ...request, headers: request.headers.copy() } };
      forward(action, destination, match, request);
      const mirrors = retried === undefined ? action.mirrors : [];
      const mirrored = mirrors.filter(({ percent }) => happens(percent)).map((to) => copied(to, request));
      const response = [destination.response, action.response, ...passed.response];
      hops.push({ rule, destination, response, before, delayMs, mirrored });
      backend = destination.backend;
    } else if (at === "mesh") {
      backend = table.backends.get(host);
    }
    if (backend === undefined) return { kind: "nowhere", status: 404, reason: noHost(at, host), hops };
    if (backend.kind === "revision") return arrive(backend.revision);
    at = backend.listener;
  }
  return {
    kind: "nowhere",
    status: 500,
    reason: `the routes for ${hostOf(incoming.authority)} form a cycle`,
    hops,
  };

  function arrive(revision: string): Resolution {
    const filter = table.revisionFilters?.get(revision);
    if (filter !== undefined) {
      const { action } = filter;
      const { delayMs, reply, response } = passFilters(action, request, happens);
      const destination = reply === undefined ? action.destinations[0] : undefined;
      const changes = [...(destination === undefined ? [] : [destination.response]), action.response];
      hops.push({
        rule: filter,
        destination,
        response: [...(reply === undefined ? [] : [reply.headers]), ...changes, ...response],
        before: undefined,
        delayMs,
        mirrored: [],
      });
      if (reply !== undefined) return replied(reply, revision);
    }
    return { kind: "revision", revision, request, hops };
  }

  function replied({ kind, status }: FilterReply, revision?: string): Resolution {
    if (kind === "direct") return { kind, status, body: new Uint8Array(), location: undefined, hops };
    return { kind, status, ...(revision === undefined ? {} : { revision }), hops };
  }
}

/**
 * Applies the filters in front of the router to a request. A filter that replies hides the request from later ones.
 */
function passFilters(
  action: ForwardAction,
  request: RoutedRequest,
  happens: (percent: number) => boolean,
): { delayMs: number; reply: FilterReply | undefined; response: readonly HeaderChange[] } {
  let delayMs = 0;
  const response: HeaderChange[] = [];
  for (const filter of REQUEST_FILTERS) {
    const decision = filter.decide(action, request, happens);
    if (decision === undefined) continue;
    delayMs += decision.delayMs ?? 0;
    // The response passes the filters in reverse order.
    if (decision.response !== undefined) response.unshift(decision.response);
    if (decision.reply !== undefined) return { delayMs, reply: decision.reply, response };
  }
  return { delayMs, reply: undefined, response };
}

function noRule(listener: Listener, request: RoutedRequest): string {
  const place = isGateway(listener) ? "the ingress gateway" : hostOf(request.authority);
  return `no route at ${place} takes ${request.method} ${pathOf(request.target)}`;
}

function isGateway(listener: Listener): boolean {
  return listener === "ingress" || isOfGateway(listener);
}

function noHost(listener: Listener, host: string): string {
  if (isGateway(listener)) return `the ingress gateway serves no host ${host}`;
  return `${host} is not a host of this cluster`;
}
