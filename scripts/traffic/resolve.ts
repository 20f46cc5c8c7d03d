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

/** A copy of a request, as it goes to a mirror. */
export interface Mirrored {
  mirror: Mirror;
  request: RoutedRequest;
}

/** One routing decision on a request's way: an ingress rule, then perhaps one of the local gateway. */
export interface Hop {
  rule: Rule;
  /** The destination that was drawn, or undefined where the request was not sent on. */
  destination: Destination | undefined;
  /** How this hop changes the response, in the order of application. */
  response: readonly HeaderChange[];
  /** The request as it came to this hop, kept where the rule may send it again. */
  before: { listener: Listener; request: RoutedRequest } | undefined;
  /** How long the request is held before the rule acts on it, in milliseconds. */
  delayMs: number;
  /** The copies that leave here. */
  mirrored: readonly Mirrored[];
}

/** Where a request ends up. The hops lead there from outside in. */
export type Resolution =
  | { kind: "revision"; revision: string; request: RoutedRequest; hops: readonly Hop[] }
  | { kind: "redirect"; status: number; location: string; hops: readonly Hop[] }
  /** As Envoy does it, the answer to some statuses has a location: the request's own address. */
  | {
      kind: "direct";
      status: number;
      body: Uint8Array;
      location: string | undefined;
      hops: readonly Hop[];
    }
  /** A fault of a rule, with the revision that would have answered where it was chosen already. */
  | { kind: "abort"; status: number; revision?: string; hops: readonly Hop[] }
  | { kind: "nowhere"; status: 404 | 500; reason: string; hops: readonly Hop[] };

/** The hops before, and how what happens by chance is decided. */
export interface ResolveOptions {
  /** The hops before this listener, where a request is routed again from there. */
  earlier?: readonly Hop[];
  /** The hop that sends a request again: it keeps its destination, and neither faults nor mirrors act twice. */
  again?: Hop | undefined;
  /** Corrects a destination that the weights chose. @default keeps it */
  settle?(action: ForwardAction, drawn: Destination): Destination;
  /** Draws whether one of `percent` of all requests is meant. @default never */
  happens?(percent: number): boolean;
}

/** The revision that answers, or would have answered but for a fault. */
export function revisionOf(resolution: Resolution | undefined): string | undefined {
  return resolution?.kind === "revision" || resolution?.kind === "abort" ? resolution.revision : undefined;
}

// More than a path through the gateways needs: a route with more hops is a cycle.
const MAX_HOPS = 8;

/**
 * Follows a request from a listener to the revision that answers it.
 * @param random a number in [0, 1) for each weighted choice, and for each fault and mirror that is not for all requests
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

/** The same with another way to choose between the destinations of a rule. */
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
    reason: `the routes for ${hostOf(incoming.authority)} go in a circle`,
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

/** What the filters in front of the router do with a request; one that replies keeps it from those behind. */
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
    // The response passes the filters in the opposite order.
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
