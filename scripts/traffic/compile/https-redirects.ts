import type { Position } from "../../manifests/problem.ts";
import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import { asEnvoyHasIt, type KnownServer } from "../istio/gateways.ts";
import type { Listener, Rule } from "../table.ts";
import type { HostRules } from "./knative-rules.ts";

/**
 * Returns the redirects of a server to HTTPS, which apply to all of its hosts, with or without a VirtualService. For
 * Envoy, a host that is open to one namespace is a name with a slash, which no request has. (istio 1.31,
 * pilot/pkg/networking/core/gateway.go, buildGatewayHTTPRouteConfig)
 */
export function redirectsOf({ listener, hosts }: KnownServer): HostRules[] {
  return hosts.flatMap(({ namespace, pattern, httpsRedirect }) =>
    httpsRedirect === undefined || namespace !== "*"
      ? []
      : [toHttps(listener, asEnvoyHasIt(pattern), httpsRedirect)],
  );
}

export function toHttps(listener: Listener, host: string, at: Position): HostRules {
  const action: Rule["action"] = {
    kind: "redirect",
    status: 301,
    uri: undefined,
    prefix: undefined,
    authority: undefined,
    scheme: "https",
    port: undefined,
    response: NO_CHANGE,
  };
  return { listener, hosts: [host], rules: [{ at, matches: [], action }], isHttpsRedirect: true };
}
