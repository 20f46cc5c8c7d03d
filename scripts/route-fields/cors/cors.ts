import Type, { type TSchemaOptions } from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { Duration, durationMs, type FieldNotes, strict } from "../../schema/schema.ts";
import type { CorsPolicy as CompiledCorsPolicy, ForwardAction, StringMatch } from "../../traffic/table.ts";
import type { HTTPRoute } from "../families.ts";
import type {
  FieldFamily,
  FilterCondition,
  FilteredRequest,
  Report,
  RequestFilter,
  SymbolicHeader,
} from "../field-family.ts";
import type { HeaderChange } from "../headers/header-list.ts";
import { compileStringMatch } from "../match/string-match.ts";
import { stringMatches } from "../match/match.ts";
import { StringMatch as StringMatchFields } from "../match/schema.ts";

// As in Istio's webhook. (istio, pkg/config/validation/validation.go, supportedCORSMethods and
// ValidateCORSHTTPHeaderName)
const Method = Type.Enum([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "*",
]);
const HeaderName = Type.String({
  pattern: "^(\\*|[-_A-Za-z0-9]+)$",
  expected: "the name of a header, or *",
} satisfies FieldNotes & TSchemaOptions);

const CorsPolicy = strict(
  {
    allowOrigins: Type.Optional(Type.Array(StringMatchFields)),
    allowMethods: Type.Optional(Type.Array(Method)),
    allowHeaders: Type.Optional(Type.Array(HeaderName)),
    exposeHeaders: Type.Optional(Type.Array(HeaderName)),
    maxAge: Type.Optional(Duration),
    allowCredentials: Type.Optional(Type.Boolean()),
    unmatchedPreflights: Type.Optional(Type.Enum(["UNSPECIFIED", "FORWARD", "IGNORE"])),
  },
  { unsupported: { allowOrigin: "this is deprecated: write allowOrigins: [{exact: …}]" } },
);

const ORIGIN = "origin";
const ASKED_METHOD = "access-control-request-method";
const ASKED_HEADERS = "access-control-request-headers";

/** Istio's CORS filter, behind the fault filter. (envoy, source/extensions/filters/http/cors/cors_filter.cc) */
const filter: RequestFilter = {
  decide({ cors }, request) {
    if (cors === undefined || !request.headers.joined(ORIGIN)) return undefined;
    const origin = request.headers.joined(ORIGIN) ?? "";
    const isAllowed = cors.allowOrigins.some((match) => allowsAll(match) || stringMatches(match, origin));
    const response = changeOf(isAllowed ? responseHeaders(cors) : [], request);
    const isPreflight = request.method === "OPTIONS" && Boolean(request.headers.joined(ASKED_METHOD));
    if (!isPreflight || (!isAllowed && cors.forwardsUnmatched)) return { response };
    const headers = changeOf(preflightHeaders(cors, isAllowed), request);
    return { response, reply: { kind: "direct", status: 200, headers, withRouteChanges: false } };
  },
  outcome({ cors }, outcome, build) {
    if (cors === undefined || !has(ORIGIN)) return outcome;
    const isAllowed = cors.allowOrigins.some(
      (match) => allowsAll(match) || build.meets({ part: { header: ORIGIN }, match }),
    );
    const added = isAllowed ? responseHeaders(cors) : [];
    if (!build.meets(PREFLIGHT_METHOD) || !has(ASKED_METHOD) || (!isAllowed && cors.forwardsUnmatched))
      return build.withHeaders(outcome, added);
    const answer = build.reply("200 (a CORS preflight)");
    return build.withHeaders(build.withHeaders(answer, preflightHeaders(cors, isAllowed)), added);

    function has(header: string): boolean {
      return build.meets(isPresent(header)) && !build.meets(isEmpty(header));
    }
  },
  conditions({ cors }) {
    if (cors === undefined) return [];
    return [
      isPresent(ORIGIN),
      isEmpty(ORIGIN),
      ...cors.allowOrigins.map((match): FilterCondition => ({ part: { header: ORIGIN }, match })),
      PREFLIGHT_METHOD,
      isPresent(ASKED_METHOD),
      isEmpty(ASKED_METHOD),
    ];
  },
};

/** `corsPolicy`: answers preflights, and sets the headers that let browsers read responses. */
export const corsFamily = {
  fields: { corsPolicy: Type.Optional(CorsPolicy) },
  onlyForwarding: false,
  compared: { forward: ["cors"] },
  filter,
} satisfies FieldFamily;

/**
 * Compiles a CORS policy.
 * (istio 1.31, pilot/pkg/networking/core/route/route.go, TranslateCORSPolicy)
 */
export function compileCors(
  { corsPolicy }: HTTPRoute,
  path: FieldPath,
  report: Report,
): Pick<ForwardAction, "cors"> {
  if (corsPolicy === undefined) return {};
  const { allowOrigins = [], allowMethods, allowHeaders, exposeHeaders, maxAge } = corsPolicy;
  if (allowOrigins.length === 0)
    report("cors-origins", path, "without allowOrigins no origin is allowed", "add allowOrigins");
  const seconds = maxAge === undefined ? undefined : durationMs(maxAge) / 1000;
  if (seconds !== undefined && (seconds < 1 || !Number.isInteger(seconds)))
    report(
      "cors-max-age",
      [...path, "maxAge"],
      "maxAge is a whole number of seconds, at least 1",
      "write 1s",
    );
  return {
    cors: {
      allowOrigins: allowOrigins.flatMap(
        (match, i) => compileStringMatch(report, match, [...path, "allowOrigins", i]) ?? [],
      ),
      allowMethods: allowMethods?.join(",") ?? "",
      allowHeaders: allowHeaders?.join(",") ?? "",
      exposeHeaders: exposeHeaders?.join(",") ?? "",
      maxAge: seconds === undefined ? "" : String(seconds),
      allowCredentials: corsPolicy.allowCredentials ?? false,
      forwardsUnmatched: corsPolicy.unmatchedPreflights !== "IGNORE",
    },
  };
}

/** Reports a policy without an effect: Envoy's filter needs a route that forwards. */
export function reportUnusedCors({ corsPolicy }: HTTPRoute, path: FieldPath, report: Report): void {
  if (corsPolicy === undefined) return;
  const message = "corsPolicy has no effect in a rule with a redirect or directResponse";
  report("cors-without-route", [...path, "corsPolicy"], message, "remove it, or set the headers");
}

/** Whether a match allows every origin, because it accepts `*` itself. */
function allowsAll(match: StringMatch): boolean {
  return stringMatches(match, "*");
}

/** The headers of the response for an allowed origin. */
function responseHeaders({ allowCredentials, exposeHeaders }: CompiledCorsPolicy): SymbolicHeader[] {
  return [
    ["access-control-allow-origin", { header: ORIGIN }],
    ...credentials(allowCredentials),
    ...fixed("access-control-expose-headers", exposeHeaders),
  ];
}

/** The headers of the filter's own response to a preflight. */
function preflightHeaders(policy: CompiledCorsPolicy, isAllowed: boolean): SymbolicHeader[] {
  const { allowCredentials, allowMethods, allowHeaders, maxAge } = policy;
  return [
    ...(isAllowed ? [["access-control-allow-origin", { header: ORIGIN }] as const] : []),
    ...credentials(allowCredentials),
    ...copied("access-control-allow-methods", allowMethods, ASKED_METHOD),
    ...copied("access-control-allow-headers", allowHeaders, ASKED_HEADERS),
    ...fixed("access-control-max-age", maxAge),
  ];
}

function credentials(isAllowed: boolean): SymbolicHeader[] {
  return isAllowed ? [["access-control-allow-credentials", { text: "true" }]] : [];
}

function fixed(name: string, text: string): SymbolicHeader[] {
  return text === "" ? [] : [[name, { text }]];
}

/** A list; if it is only `*`, the requested value. */
function copied(name: string, text: string, from: string): SymbolicHeader[] {
  return text === "*" ? [[name, { header: from }]] : fixed(name, text);
}

function changeOf(headers: readonly SymbolicHeader[], request: FilteredRequest): HeaderChange {
  const set = headers.map(
    ([name, value]) =>
      [name, "text" in value ? value.text : (request.headers.joined(value.header) ?? "")] as const,
  );
  return { set, add: [], remove: [] };
}

const PREFLIGHT_METHOD: FilterCondition = { part: "method", match: { kind: "exact", value: "OPTIONS" } };

function isPresent(header: string): FilterCondition {
  return { part: { header }, match: { kind: "present" } };
}

function isEmpty(header: string): FilterCondition {
  return { part: { header }, match: { kind: "exact", value: "" } };
}
