import { shadowHost } from "../route-fields/mirror/mirror.ts";
import { regexRewritten, rewritten } from "../route-fields/rewrite/rewrite.ts";
import type { Mirrored, RoutedRequest } from "./resolve.ts";
import type { Destination, ForwardAction, Mirror, RequestMatch } from "./table.ts";

/** Draws a destination by weight. @param random returns a number in [0, 1) */
export function draw(action: ForwardAction, random: () => number): Destination {
  const { destinations, totalWeight } = action;
  const last = destinations[destinations.length - 1] as Destination;
  if (destinations.length === 1) return last;
  let left = random() * totalWeight;
  for (const destination of destinations) {
    left -= destination.weight;
    if (left < 0) return destination;
  }
  return last;
}

/**
 * Applies the changes of its rule and destination to a request. The destination's headers are applied first, so that
 * the route's take precedence, as for weighted destinations in Envoy. (envoy, source/common/router/config_impl.cc,
 * WeightedClusterEntry and RouteEntryImplBase)
 */
export function forward(
  action: ForwardAction,
  to: Destination,
  match: RequestMatch | true,
  request: RoutedRequest,
): void {
  if (action.rewriteUri !== undefined) request.target = rewritten(action.rewriteUri, match, request.target);
  if (action.rewriteRegex !== undefined) request.target = regexRewritten(action.rewriteRegex, request.target);
  request.headers.apply(to.request);
  request.headers.apply(action.request);
  if (to.authority !== undefined) {
    request.authority = to.authority;
    request.headers.set("host", to.authority);
  }
}

/** Returns the copy of a forwarded request for a mirror. */
export function copied(mirror: Mirror, request: RoutedRequest): Mirrored {
  const authority = shadowHost(request.authority);
  return { mirror, request: { ...request, authority, headers: request.headers.copy() } };
}
