import Type, { type Static } from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { strict } from "../../schema/schema.ts";
import type { Destination as CompiledDestination, ForwardAction } from "../../traffic/table.ts";
import type { HTTPRoute } from "../families.ts";
import type { CompileContext, FieldFamily, Pitfall } from "../field-family.ts";
import { compileRequestHeaders, compileResponseHeaders } from "../headers/compile.ts";
import { bothChanges, NO_CHANGE } from "../headers/header-list.ts";
import { Headers } from "../headers/schema.ts";
import { Destination } from "../../schema/route-schema.ts";

/** A destination of a rule, with its weight. */
export const HTTPRouteDestination = strict({
  destination: Destination,
  weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 4294967295 })),
  headers: Type.Optional(Headers),
});

export type HTTPRouteDestination = Static<typeof HTTPRouteDestination>;

/**
 * `route`: the destinations, their weights, and the header changes of the route, which are joined with those of a
 * single destination.
 */
export const destinationsFamily = {
  fields: { route: Type.Optional(Type.Array(HTTPRouteDestination, { minItems: 1 })) },
  onlyForwarding: true,
  compared: {
    forward: ["kind", "destinations", "totalWeight", "request", "response"],
    destination: [
      "host",
      "port",
      "isPortDefault",
      "subset",
      "weight",
      "authority",
      "request",
      "response",
      "backend",
    ],
  },
} satisfies FieldFamily;

/** Weights that mean something other than percent. */
export const destinationPitfalls: readonly Pitfall[] = [
  {
    code: "weights-sum",
    *check({ route = [] }) {
      const weights = route.map(({ weight = 0 }) => weight);
      const sum = weights.reduce((all, weight) => all + weight, 0);
      if (weights.length < 2 || sum === 100 || sum === 0) return;
      const shares = weights.map((weight) => `${Math.round((weight * 1000) / sum) / 10} %`);
      yield {
        path: ["route"],
        message: `the weights sum to ${sum}, so that they mean ${shares.join(" and ")}`,
        fix: "make them sum to 100",
      };
    },
  },
  {
    code: "lone-weight",
    mayRepair: true,
    *check({ route: [only, second] = [] }) {
      if (only?.weight === undefined || second !== undefined || only.weight === 100) return;
      const path = ["route", 0, "weight"];
      yield {
        path,
        message: `this destination takes all requests, and not ${only.weight} % of them`,
        fix: "leave the weight out, or add the other destinations",
        removable: path,
      };
    },
  },
];

/** Compiles the destinations of a rule, with the header changes of the route. */
export function compileDestinations(
  route: HTTPRoute,
  path: FieldPath,
  context: CompileContext,
): Pick<ForwardAction, "destinations" | "totalWeight" | "request" | "response"> {
  const { report } = context;
  const request = compileRequestHeaders(route.headers?.request, [...path, "headers", "request"], report);
  const response = compileResponseHeaders(route.headers?.response, [...path, "headers", "response"], report);
  const rewriteAuthority = route.rewrite?.authority;
  if (rewriteAuthority !== undefined && request.authority !== undefined) {
    report(
      "host-set-twice",
      [...path, "headers", "request", "set"],
      "the authority header cannot be set multiple times",
      "keep rewrite.authority, or the Host header",
    );
  }
  const authority = rewriteAuthority ?? request.authority;
  const listed = route.route ?? [];
  const isLone = listed.length === 1;
  const written = listed.map((to, i) => compileDestination(to, [...path, "route", i], authority, context));
  // A single destination gets all requests for any weight, and its header changes are joined with the route's in one
  // list; several destinations keep their own. (istio 1.31, pilot/pkg/networking/core/route/route.go,
  // processDestination)
  const weights = sharedWeights(written, isLone);
  const all = written
    .flat()
    .map(({ share: _, ...to }, i): CompiledDestination => ({ ...to, weight: weights[i] ?? 0 }));
  const destinations = isLone
    ? all.map((to) => ({
        ...to,
        request: bothChanges(request.change, to.request),
        response: bothChanges(response, to.response),
      }))
    : all.filter(({ weight }) => weight > 0);
  const totalWeight = destinations.reduce((sum, { weight }) => sum + weight, 0);
  if (written.length > 0 && totalWeight === 0)
    report(
      "weights-zero",
      [...path, "route"],
      "the destinations' weights sum to 0",
      "give one of them a weight",
    );
  return {
    destinations,
    totalWeight,
    request: isLone ? NO_CHANGE : request.change,
    response: isLone ? NO_CHANGE : response,
  };
}

/** A destination whose weight is shared with adjacent ones. */
type Shared = CompiledDestination & { share: number };

/**
 * Returns integer weights for lists of destinations that each share one weight: the written weights, or their least
 * multiple that can be divided so.
 */
function sharedWeights(written: readonly (readonly Shared[])[], isLone: boolean): number[] {
  const parts = written.flatMap((shares) => {
    const of = shares.reduce((sum, { share }) => sum + share, 0);
    return shares.map(({ weight, share }) => ({ weight: (isLone ? 100 : weight) * share, of }));
  });
  const scale = parts.reduce((least, { weight, of }) => {
    const divisor = of / greatestDivisor(of, weight);
    return (least * divisor) / greatestDivisor(least, divisor);
  }, 1);
  return parts.map(({ weight, of }) => (weight * scale) / of);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** A weighted destination; one for each revision of a subset, or Deployment of a Service, which share the weight. */
function compileDestination(
  to: HTTPRouteDestination,
  path: FieldPath,
  routeAuthority: string | undefined,
  { report, target }: CompileContext,
): Shared[] {
  const { host, port, isPortDefault, subset, backends } = target(to.destination, [...path, "destination"]);
  const request = compileRequestHeaders(to.headers?.request, [...path, "headers", "request"], report);
  const response = compileResponseHeaders(to.headers?.response, [...path, "headers", "response"], report);
  return backends.map(({ backend, weight: share }) => ({
    host,
    port,
    isPortDefault,
    subset,
    weight: to.weight ?? 0,
    share,
    // Envoy applies the route's host last, and istiod makes a single destination behave the same.
    authority: routeAuthority ?? request.authority,
    request: request.change,
    response,
    backend,
  }));
}
