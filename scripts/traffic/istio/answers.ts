import type { FieldPath } from "../../manifests/document.ts";
import type { HTTPRoute } from "../../manifests/kinds/istio-route.ts";
import type { DirectAction, RedirectAction } from "../table.ts";
import { readResponseHeaders } from "./headers.ts";
import type { Report } from "./report.ts";

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
    report([...path, "directResponse"], "a rule with a redirect has no directResponse", "remove one of them");
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
      report([...path, field], `a rule with a ${answer} has no ${field}`, "remove one of them");
  }
  if (route.headers?.request !== undefined)
    report([...path, "headers", "request"], `a ${answer} sends no request on`, "remove it");
}
