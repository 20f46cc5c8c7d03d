import type { FieldPath } from "../manifests/document.ts";
import type { HTTPRoute, HTTPRouteDestination } from "../manifests/kinds/istio.ts";
import { durationMs } from "../manifests/schema.ts";
import { didYouMean } from "../nearest.ts";
import { bothChanges, NO_CHANGE } from "./headers.ts";
import { CLUSTER_DOMAIN, fullHost, hostAdvice } from "./hosts.ts";
import { readRequestHeaders, readResponseHeaders, type Report } from "./istio-headers.ts";
import type { Backend, Destination, ForwardAction, RedirectAction, RetryPolicy } from "./table.ts";

/**
 * What istiod gives a route without a `retries` block.
 * (istio 1.31, pilot/pkg/networking/core/route/retry/retry.go)
 */
const DEFAULT_RETRY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: undefined,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled", "503"],
};

// What retryOn may name beside status codes. (istio, pkg/config/validation/validation.go, supportedRetryOnPolicies)
const RETRY_CONDITIONS = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "envoy-ratelimited",
  "http3-post-connect-failure",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];

/** What the rules of one VirtualService are read in. */
export interface Surroundings {
  namespace: string;
  /** What stands behind each host that a destination can name. */
  hosts: ReadonlyMap<string, Backend>;
  report: Report;
}

/** Reads what a rule of a VirtualService does with the requests that it takes. */
export function readAction(
  route: HTTPRoute,
  path: FieldPath,
  surroundings: Surroundings,
): ForwardAction | RedirectAction {
  const { report } = surroundings;
  if (route.redirect !== undefined) return readRedirect(route, route.redirect, path, report);
  if (route.route === undefined) report(path, "this rule does nothing", "add a route or a redirect");
  const request = readRequestHeaders(route.headers?.request, [...path, "headers", "request"], report);
  const response = readResponseHeaders(route.headers?.response, [...path, "headers", "response"], report);
  const rewriteAuthority = route.rewrite?.authority;
  if (rewriteAuthority !== undefined && request.authority !== undefined) {
    report(
      [...path, "headers", "request", "set"],
      "the authority header cannot be set multiple times",
      "keep rewrite.authority, or the Host header",
    );
  }
  const authority = rewriteAuthority ?? request.authority;
  const written = (route.route ?? []).map((to, i) =>
    readDestination(to, [...path, "route", i], authority, surroundings),
  );
  const [lone] = written;
  // A lone destination takes everything, whatever its weight, and its headers join the route's in one list; of several,
  // each keeps its own. (istio 1.31, pilot/pkg/networking/core/route/route.go, processDestination)
  const isLone = lone !== undefined && written.length === 1;
  const destinations = isLone
    ? [
        {
          ...lone,
          weight: 100,
          request: bothChanges(request.change, lone.request),
          response: bothChanges(response, lone.response),
        },
      ]
    : written.filter(({ weight }) => weight > 0);
  const totalWeight = destinations.reduce((sum, { weight }) => sum + weight, 0);
  if (written.length > 0 && totalWeight === 0)
    report([...path, "route"], "the destinations' weights sum to 0", "give one of them a weight");
  return {
    kind: "forward",
    destinations,
    totalWeight,
    rewriteUri: route.rewrite?.uri,
    rewriteRegex: undefined,
    fault: undefined,
    mirrors: [],
    timeoutMs: milliseconds(route.timeout),
    retry: readRetry(route, [...path, "retries"], report),
    request: isLone ? NO_CHANGE : request.change,
    response: isLone ? NO_CHANGE : response,
  };
}

function readRedirect(
  route: HTTPRoute,
  redirect: NonNullable<HTTPRoute["redirect"]>,
  path: FieldPath,
  report: Report,
): RedirectAction {
  for (const field of ["route", "rewrite", "timeout", "retries"] as const) {
    if (route[field] !== undefined)
      report([...path, field], `a rule with a redirect has no ${field}`, "remove one of them");
  }
  if (route.headers?.request !== undefined)
    report([...path, "headers", "request"], "a redirect sends no request on", "remove it");
  const { redirectCode = 301, uri, authority, scheme, port } = redirect;
  const impliedPort = scheme === "https" ? 443 : 80;
  return {
    kind: "redirect",
    status: redirectCode,
    uri,
    authority,
    scheme,
    // As istiod does, so that no address ends in a needless :80.
    port: port === impliedPort ? undefined : port,
    response: readResponseHeaders(route.headers?.response, [...path, "headers", "response"], report),
  };
}

function readDestination(
  to: HTTPRouteDestination,
  path: FieldPath,
  routeAuthority: string | undefined,
  { namespace, hosts, report }: Surroundings,
): Destination {
  const host = fullHost(to.destination.host, namespace);
  // Istio expands a name without a dot; one such as service.namespace is to it a host of its own, which is nowhere.
  const backend = host.endsWith(`.${CLUSTER_DOMAIN}`) ? hosts.get(host) : undefined;
  if (backend === undefined)
    report([...path, "destination", "host"], `there is no host ${host}`, hostAdvice(host, hosts));
  const port = to.destination.port?.number ?? 80;
  if (port !== 80) {
    report(
      [...path, "destination", "port", "number"],
      `${host} has no port ${port}`,
      "write 80, the port of every Service of Knative",
    );
  }
  const request = readRequestHeaders(to.headers?.request, [...path, "headers", "request"], report);
  return {
    host,
    port,
    subset: undefined,
    weight: to.weight ?? 0,
    // Envoy writes the route's host last, and istiod makes a lone destination behave the same.
    authority: routeAuthority ?? request.authority,
    request: request.change,
    response: readResponseHeaders(to.headers?.response, [...path, "headers", "response"], report),
    backend: backend ?? { kind: "revision", revision: host },
  };
}

function readRetry({ retries }: HTTPRoute, path: FieldPath, report: Report): RetryPolicy {
  if (retries === undefined) return DEFAULT_RETRY;
  const { attempts = 0, perTryTimeout, retryOn } = retries;
  for (const field of ["perTryTimeout", "retryOn"] as const) {
    if (attempts === 0 && retries[field] !== undefined)
      report([...path, field], "without attempts there are no retries", "add attempts, or remove it");
  }
  const on = retryOn?.split(",");
  for (const condition of on ?? []) {
    // Istio takes no blanks around the commas.
    if (RETRY_CONDITIONS.includes(condition) || /^[1-5][0-9][0-9]$/.test(condition)) continue;
    const message = `${JSON.stringify(condition)} is not a condition for retries, nor a status code`;
    report([...path, "retryOn"], message, didYouMean(condition, RETRY_CONDITIONS));
  }
  return { attempts, perTryTimeoutMs: milliseconds(perTryTimeout), on: on ?? DEFAULT_RETRY.on };
}

/** Of a duration that may not be given; 0 is as good as none. */
function milliseconds(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration) || undefined;
}
