import Type, { type Static } from "typebox";
import type { FieldPath } from "../manifests/document.ts";
import { strict } from "../schema/schema.ts";
import type { ForwardAction, Rule } from "../traffic/table.ts";
import { compileCors, corsFamily, reportUnusedCors } from "./cors/cors.ts";
import { compileDestinations, destinationPitfalls, destinationsFamily } from "./destinations/destinations.ts";
import { compileDirectResponse, directResponseFamily } from "./direct-response/direct-response.ts";
import { compileFault, faultFamily } from "./fault/fault.ts";
import type { CompileContext, FieldFamily, Pitfall, RequestFilter, RouterEffect } from "./field-family.ts";
import { headersFamily } from "./headers/compile.ts";
import { matchFamily, matchPitfalls } from "./match/compile.ts";
import { compileMirrors, mirrorFamily } from "./mirror/mirror.ts";
import { compileRedirect, redirectFamily } from "./redirect/redirect.ts";
import { compileRetries, retriesFamily } from "./retries/retries.ts";
import { compileRewrite, rewriteFamily } from "./rewrite/rewrite.ts";
import { outside } from "../schema/route-schema.ts";

// The registry of field families. To add a family, add it to FAMILIES, to HTTPRoute and, if a forwarding rule
// compiles to a part of it, to compileForward.

/** The supported fields of an HTTP route. Filters and the router act in the order of their families here. */
export const FAMILIES: readonly FieldFamily[] = [
  matchFamily,
  headersFamily,
  redirectFamily,
  directResponseFamily,
  destinationsFamily,
  rewriteFamily,
  retriesFamily,
  faultFamily,
  corsFamily,
  mirrorFamily,
];

/** A rule of a VirtualService. */
export const HTTPRoute = strict(
  {
    name: Type.Optional(Type.String()),
    ...matchFamily.fields,
    ...headersFamily.fields,
    ...redirectFamily.fields,
    ...directResponseFamily.fields,
    ...destinationsFamily.fields,
    ...rewriteFamily.fields,
    ...retriesFamily.fields,
    ...faultFamily.fields,
    ...corsFamily.fields,
    ...mirrorFamily.fields,
    // The local mesh does not act on it; lint does.
    delegate: Type.Optional(
      strict({ name: Type.Optional(Type.String()), namespace: Type.Optional(Type.String()) }),
    ),
  },
  {
    unsupported: {
      delegate: outside("follow delegates"),
      ...Object.assign({}, ...FAMILIES.map(({ unsupported }) => unsupported)),
    },
  },
);

export type HTTPRoute = Static<typeof HTTPRoute>;

/** The pitfalls that `lint` finds in the fields of a single route. */
export const PITFALLS: readonly Pitfall[] = [...destinationPitfalls, ...matchPitfalls];

/** The filters of the proxy in front of its router, in the order in which a request passes them. */
export const REQUEST_FILTERS: readonly RequestFilter[] = FAMILIES.flatMap(({ filter }) => filter ?? []);

/** The effects of the router, from the one nearest to the destination outwards. */
export const ROUTER_EFFECTS: readonly RouterEffect[] = FAMILIES.flatMap(({ router }) => router ?? []);

// Istio's webhook refuses these with a redirect or a direct response; it accepts the others, without effect.
const REFUSED_BESIDE_ANSWERS: ReadonlySet<string> = new Set(["route", "fault", "rewrite"]);

const ONLY_FORWARDING = FAMILIES.filter(({ onlyForwarding }) => onlyForwarding).flatMap(({ fields }) =>
  Object.keys(fields),
);

/** Compiles the action of a rule of a VirtualService. */
export function compileAction(route: HTTPRoute, path: FieldPath, context: CompileContext): Rule["action"] {
  const { report } = context;
  const { redirect, directResponse } = route;
  if (redirect !== undefined) {
    refuseForwarding("redirect");
    return compileRedirect(route, redirect, path, report);
  }
  if (directResponse !== undefined) {
    refuseForwarding("directResponse");
    return compileDirectResponse(route, directResponse, path, report);
  }
  if (route.route === undefined)
    report(
      "rule-without-action",
      path,
      "this rule does nothing",
      "add a route, a redirect or a directResponse",
    );
  return compileForward();

  function compileForward(): ForwardAction {
    return {
      kind: "forward",
      ...compileDestinations(route, path, context),
      ...compileRewrite(route, [...path, "rewrite"], report),
      ...compileFault(route.fault, [...path, "fault"], report),
      ...compileCors(route, [...path, "corsPolicy"], report),
      ...compileMirrors(route, path, context),
      ...compileRetries(route, [...path, "retries"], report),
    };
  }

  /** A rule with a redirect or a direct response forwards nothing. (istio, pkg/config/validation/virtualservice.go) */
  function refuseForwarding(answer: "redirect" | "directResponse"): void {
    reportUnusedCors(route, path, report);
    const written: Readonly<Record<string, unknown>> = route;
    for (const field of ONLY_FORWARDING) {
      if (written[field] === undefined) continue;
      const at = [...path, field];
      if (REFUSED_BESIDE_ANSWERS.has(field))
        report("answer-fields", at, `a rule with a ${answer} has no ${field}`, "remove one of them");
      else report("unused-in-answer", at, `a rule with a ${answer} makes no use of ${field}`, "remove it");
    }
    if (route.headers?.request !== undefined)
      report(
        "unused-in-answer",
        [...path, "headers", "request"],
        `a ${answer} sends no request on`,
        "remove it",
      );
  }
}
