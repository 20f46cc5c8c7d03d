import type { FieldPath } from "../../manifests/document.ts";
import type { HTTPRoute } from "../http-route.ts";
import type { DirectAction, Listener, RedirectAction } from "../../traffic/table.ts";
import { readResponseHeaders } from "../headers/compile.ts";
import type { Report } from "../../traffic/istio/report.ts";

// A rule that answers by itself has nothing to send on. (istio, pkg/config/validation/virtualservice.go)
const OF_FORWARDING = [
  "route",
  "rewrite",
  "timeout",
  "retries",
  "fault",
  "mirror",
  "mirrorPercentage",
  "mirrors",
] as const;

/** Reads where a rule redirects to. */
export function readRedirect(
  route: HTTPRoute,
  redirect: NonNullable<HTTPRoute["redirect"]>,
  path: FieldPath,
  report: Report,
): RedirectAction {
  refuseForwarding(route, "redirect", path, report);
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
    response: readResponseHeaders(route.headers?.response, [...path, "headers", "response"], report),
  };
}

/**
 * A redirect as a listener has it: istiod puts the port that the listener's server names for that of the request, and
 * leaves FROM_PROTOCOL_DEFAULT to Envoy, to which it is no port at all.
 * (istio 1.31, pilot/pkg/networking/core/route/route.go, ApplyRedirect)
 */
export function redirectAt(
  listener: Listener,
  redirect: HTTPRoute["redirect"],
  action: RedirectAction,
): RedirectAction {
  if (redirect?.derivePort !== "FROM_REQUEST_PORT") return action;
  return { ...action, port: neededPort(PORTS[listener], action.scheme) };
}

// Of the Gateways' servers, which is not where they listen; sidecars know the port of the Service that is called.
// (net-istio, config/200-gateway.yaml)
const PORTS: Readonly<Record<Listener, number>> = { ingress: 80, "local-gateway": 8081, mesh: 80 };

/** As istiod does it, so that no address ends in a needless :80. */
function neededPort(port: number | undefined, scheme: string | undefined): number | undefined {
  return port === (scheme === "https" ? 443 : 80) ? undefined : port;
}

/** Reads what a rule answers by itself. */
export function readDirect(
  route: HTTPRoute,
  { status, body }: NonNullable<HTTPRoute["directResponse"]>,
  path: FieldPath,
  report: Report,
): DirectAction {
  refuseForwarding(route, "directResponse", path, report);
  return {
    kind: "direct",
    status,
    body: Buffer.from(body?.bytes ?? body?.string ?? "", body?.bytes === undefined ? "utf8" : "base64"),
    response: readResponseHeaders(route.headers?.response, [...path, "headers", "response"], report),
  };
}

function refuseForwarding(
  route: HTTPRoute,
  answer: "redirect" | "directResponse",
  path: FieldPath,
  report: Report,
): void {
  for (const field of OF_FORWARDING) {
    if (route[field] !== undefined)
      report(
        "answer-fields",
        [...path, field],
        `a rule with a ${answer} has no ${field}`,
        "remove one of them",
      );
  }
  if (route.headers?.request !== undefined)
    report("answer-fields", [...path, "headers", "request"], `a ${answer} sends no request on`, "remove it");
}
