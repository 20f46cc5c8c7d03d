import Type from "typebox";
import type { FieldPath } from "../../manifests/document.ts";
import { strict } from "../../schema/schema.ts";
import type { RedirectAction, RequestMatch } from "../../traffic/table.ts";
import type { HTTPRoute } from "../families.ts";
import type { FieldFamily, Report } from "../field-family.ts";
import { compileResponseHeaders } from "../headers/compile.ts";
import { pathOf } from "../match/match.ts";
import { rewritten } from "../rewrite/rewrite.ts";
import { Authority, Path } from "../../schema/route-schema.ts";

const Redirect = strict(
  {
    uri: Type.Optional(Path),
    authority: Type.Optional(Authority),
    scheme: Type.Optional(Type.Enum(["http", "https"])),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
    derivePort: Type.Optional(Type.Enum(["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"])),
    prefixRewrite: Type.Optional(Path),
    redirectCode: Type.Optional(Type.Enum([301, 302, 303, 307, 308])),
  },
  {
    minProperties: 1,
    expected: "at least one of uri, prefixRewrite, authority, scheme, port and derivePort",
  },
);

/** `redirect`: the proxy answers with another address. */
export const redirectFamily = {
  fields: { redirect: Type.Optional(Redirect) },
  onlyForwarding: false,
  compared: { redirect: ["kind", "status", "uri", "prefix", "authority", "scheme", "port", "response"] },
} satisfies FieldFamily;

/** Compiles a redirect. */
export function compileRedirect(
  route: HTTPRoute,
  redirect: NonNullable<HTTPRoute["redirect"]>,
  path: FieldPath,
  report: Report,
): RedirectAction {
  if (route.directResponse !== undefined)
    report(
      "answer-fields",
      [...path, "directResponse"],
      "a rule with a redirect has no directResponse",
      "remove one of them",
    );
  const { redirectCode = 301, uri, prefixRewrite, authority, scheme, port, derivePort } = redirect;
  if (port !== undefined && derivePort !== undefined)
    report(
      "redirect-fields",
      [...path, "redirect", "derivePort"],
      "a redirect has port or derivePort",
      "remove one of them",
    );
  if (uri !== undefined && prefixRewrite !== undefined)
    report(
      "redirect-fields",
      [...path, "redirect", "prefixRewrite"],
      "a redirect has uri or prefixRewrite",
      "remove one of them",
    );
  for (const [i, { uri: matched }] of (route.match ?? []).entries()) {
    if (prefixRewrite === undefined || matched === undefined || matched.prefix !== undefined) continue;
    const message = "a redirect with prefixRewrite takes paths by their prefix alone";
    report(
      "redirect-prefix",
      [...path, "match", i, "uri"],
      message,
      "match on a prefix, or write redirect.uri",
    );
  }
  return {
    kind: "redirect",
    status: redirectCode,
    uri,
    prefix: prefixRewrite,
    authority,
    scheme,
    port: neededPort(port, scheme),
    response: compileResponseHeaders(route.headers?.response, [...path, "headers", "response"], report),
  };
}

/**
 * Returns a redirect at a listener: for the port of the request, istiod writes the port of the listener's server, and
 * it leaves FROM_PROTOCOL_DEFAULT to Envoy, which then writes no port.
 * @param port the port of the Gateway's server, which may differ from the one it listens on, or of the Service that a
 *   sidecar calls (istio 1.31, pilot/pkg/networking/core/route/route.go, ApplyRedirect)
 */
export function redirectAt(
  port: number,
  redirect: HTTPRoute["redirect"],
  action: RedirectAction,
): RedirectAction {
  if (redirect?.derivePort !== "FROM_REQUEST_PORT") return action;
  return { ...action, port: neededPort(port, action.scheme) };
}

/** The port unless it is the default of the scheme, as in istiod. */
function neededPort(port: number | undefined, scheme: string | undefined): number | undefined {
  return port === (scheme === "https" ? 443 : 80) ? undefined : port;
}

/**
 * The location of a redirect: parts that the rule does not set stay, the query too unless the new path has one.
 * @param askedScheme the scheme of the request
 * (envoy, source/common/router/config_impl.cc, newUri and processRequestHost)
 */
export function redirected(
  action: Pick<RedirectAction, "scheme" | "authority" | "port" | "uri" | "prefix">,
  match: RequestMatch | true,
  { target: asked, authority }: { target: string; authority: string },
  askedScheme = "http",
): string {
  const scheme = action.scheme ?? askedScheme;
  const port = action.port === undefined ? "" : `:${action.port}`;
  const target = action.prefix === undefined ? asked : rewritten(action.prefix, match, asked);
  const path = pathOf(target);
  const query = target.slice(path.length);
  const to = action.uri ?? path;
  return `${scheme}://${action.authority ?? ownHost()}${port}${to}${to.includes("?") ? "" : query}`;

  function ownHost(): string {
    const [, host = "", itsPort] = /^(.*?)(:[0-9]*)?$/.exec(authority) ?? [];
    // The rule's port replaces the request's, and :80 is dropped for https.
    return port !== "" || (scheme === "https" && itsPort === ":80") ? host : authority;
  }
}

/** A redirect in `equal`: its response, and its path, which may derive from the request's. */
export interface RedirectOutcome {
  name: string;
  path: { text: string } | { prefix: string } | "kept";
}

/** Returns the outcome of a redirect for a set of requests. @param ownHost the host if the rule names none */
export function redirectOutcome(
  { status, scheme = "http", authority, port, uri, prefix }: RedirectAction,
  ownHost: string,
): RedirectOutcome {
  const to = `${authority ?? ownHost}${port === undefined ? "" : `:${port}`}`;
  const query = uri?.includes("?") === true ? "" : ", with the query";
  const ownPath = prefix === undefined ? "kept" : { prefix };
  return {
    name: `${status} to ${scheme}://${to}${query}`,
    path: uri === undefined ? ownPath : { text: uri },
  };
}

const NOTHING_NEW = {
  scheme: undefined,
  authority: undefined,
  port: undefined,
  uri: undefined,
  prefix: undefined,
};

/** The Location that Envoy adds to its own answers with this status. (envoy, source/common/router/router.cc) */
export function ownLocation(
  status: number,
  request: { target: string; authority: string },
  scheme = "http",
): string | undefined {
  if (status !== 201 && (status < 300 || status > 399)) return undefined;
  return redirected(NOTHING_NEW, true, request, scheme);
}
