import type { FieldPath, ManifestDocument } from "../manifests/document.ts";
import { formatPath } from "../manifests/document.ts";
import type {
  HeaderOperations,
  HTTPMatchRequest,
  HTTPRoute,
  HTTPRouteDestination,
  StringMatch as YamlStringMatch,
  VirtualService,
} from "../manifests/kinds/istio.ts";
import type { Problem } from "../manifests/problem.ts";
import type { Sourced } from "../manifests/resources.ts";
import { durationMs } from "../manifests/schema.ts";
import { didYouMean } from "../nearest.ts";
import { type HeaderChange, NO_CHANGE } from "./headers.ts";
import { fullHost, hostOf } from "./hosts.ts";
import { regexProblem } from "./match.ts";
import type {
  Backend,
  Destination,
  ForwardAction,
  RedirectAction,
  RequestMatch,
  RetryPolicy,
  Rule,
  StringMatch,
} from "./table.ts";

/**
 * What istiod gives a route without a `retries` block.
 * (istio 1.31, pilot/pkg/networking/core/route/retry/retry.go)
 */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: undefined,
  on: ["connect-failure", "refused-stream", "unavailable", "cancelled", "503"],
};

/** A rule, and the gateways that its matches name: none means every gateway of the VirtualService. */
export interface GatewayRule {
  /** The rule as one gateway sees it, or undefined when none of its matches is for that gateway. */
  for(gateway: string): Rule | undefined;
}

/**
 * Reads the HTTP rules of a VirtualService.
 * @param hosts what stands behind each host that a destination can name
 */
export function virtualServiceRules(
  source: Sourced<VirtualService>,
  hosts: ReadonlyMap<string, Backend>,
): { rules: GatewayRule[]; problems: Problem[] } {
  const { value, document } = source;
  const namespace = value.metadata.namespace ?? "default";
  const problems: Problem[] = [];
  const report = reporter(document, problems);
  const rules = value.spec.http.map((route, i) => readRoute(route, ["spec", "http", i]));
  const first = value.spec.http.findIndex((route) => route.match === undefined);
  if (first >= 0 && first < value.spec.http.length - 1) {
    report(
      ["spec", "http", first + 1],
      `no request gets here: http[${first}] has no match and takes them all`,
      "move the rule without a match to the end",
    );
  }
  return { rules, problems };

  function readRoute(route: HTTPRoute, path: FieldPath): GatewayRule {
    const at = document.at(path);
    const matches = (route.match ?? []).map((match, i) => readMatch(match, [...path, "match", i]));
    const action = readAction(route, path);
    return {
      for(gateway) {
        if (matches.length === 0) return { at, matches: [], action };
        const here = matches.filter(({ gateways }) => gateways === undefined || gateways.includes(gateway));
        return here.length === 0 ? undefined : { at, matches: here.map(({ match }) => match), action };
      },
    };
  }

  function readMatch(
    match: HTTPMatchRequest,
    path: FieldPath,
  ): { match: RequestMatch; gateways: string[] | undefined } {
    for (const [i, name] of (match.gateways ?? []).entries()) {
      const listed = (value.spec.gateways ?? ["mesh"]).map((other) => gatewayName(other, namespace));
      if (!listed.includes(gatewayName(name, namespace))) {
        report(
          [...path, "gateways", i],
          `${name} is not among this VirtualService's gateways`,
          didYouMean(name, listed),
        );
      }
    }
    return {
      gateways: match.gateways?.map((name) => gatewayName(name, namespace)),
      match: {
        uri: readStringMatch(match.uri, [...path, "uri"]),
        method: readStringMatch(match.method, [...path, "method"]),
        authority: readStringMatch(match.authority, [...path, "authority"]),
        headers: Object.entries(match.headers ?? {}).map(([name, wanted]) => [
          name.toLowerCase(),
          readStringMatch(wanted, [...path, "headers", name]),
        ]),
      },
    };
  }

  function readStringMatch(match: YamlStringMatch, path: FieldPath): StringMatch;
  function readStringMatch(match: YamlStringMatch | undefined, path: FieldPath): StringMatch | undefined;
  function readStringMatch(match: YamlStringMatch | undefined, path: FieldPath): StringMatch | undefined {
    if (match?.exact !== undefined) return { kind: "exact", value: match.exact };
    if (match?.prefix !== undefined) return { kind: "prefix", value: match.prefix };
    if (match?.regex === undefined) return undefined;
    const wrong = regexProblem(match.regex);
    if (wrong !== undefined)
      report([...path, "regex"], `this is not a regular expression that RE2 knows: ${wrong}`);
    return { kind: "regex", value: match.regex };
  }

  function readAction(route: HTTPRoute, path: FieldPath): ForwardAction | RedirectAction {
    const response = readHeaders(route.headers?.response, [...path, "headers", "response"]);
    if (route.redirect !== undefined) {
      if (route.route !== undefined)
        report([...path, "redirect"], "a rule has a route or a redirect", "remove one of them");
      const { redirectCode = 301, uri, authority, scheme, port } = route.redirect;
      return {
        kind: "redirect",
        status: redirectCode,
        uri,
        authority,
        scheme,
        port,
        response: response.change,
      };
    }
    if (route.route === undefined) report(path, "this rule does nothing", "add a route or a redirect");
    const request = readHeaders(route.headers?.request, [...path, "headers", "request"]);
    const rewriteAuthority = route.rewrite?.authority;
    if (rewriteAuthority !== undefined && request.authority !== undefined) {
      report(
        [...path, "headers", "request", "set"],
        "the authority header cannot be set multiple times",
        "keep rewrite.authority, or the Host header",
      );
    }
    const written = route.route ?? [];
    const destinations = written
      .map((to, i) =>
        readDestination(
          to,
          [...path, "route", i],
          written.length === 1,
          rewriteAuthority ?? request.authority,
        ),
      )
      .filter(({ weight }) => weight > 0);
    const totalWeight = destinations.reduce((sum, { weight }) => sum + weight, 0);
    if (written.length > 0 && totalWeight === 0)
      report([...path, "route"], "the destinations' weights sum to 0", "give one of them a weight");
    return {
      kind: "forward",
      destinations,
      totalWeight,
      rewriteUri: route.rewrite?.uri,
      timeoutMs: route.timeout === undefined ? undefined : durationMs(route.timeout) || undefined,
      retry: readRetry(route),
      request: request.change,
      response: response.change,
    };
  }

  function readDestination(
    to: HTTPRouteDestination,
    path: FieldPath,
    alone: boolean,
    routeAuthority: string | undefined,
  ): Destination {
    const host = fullHost(to.destination.host, namespace);
    const backend = hosts.get(host.toLowerCase());
    const hostPath = [...path, "destination", "host"];
    if (backend === undefined)
      report(hostPath, `there is no host ${host}`, didYouMean(host, fullNames(hosts)));
    const port = to.destination.port?.number;
    if (port !== undefined && port !== 80) {
      report(
        [...path, "destination", "port", "number"],
        `${host} has no port ${port}`,
        "write 80, the port of every Service of Knative",
      );
    }
    const request = readHeaders(to.headers?.request, [...path, "headers", "request"]);
    const response = readHeaders(to.headers?.response, [...path, "headers", "response"]);
    return {
      host,
      port: port ?? 80,
      // A lone destination takes everything, whatever its weight (istio, processDestination).
      weight: alone ? 100 : (to.weight ?? 0),
      authority: request.authority ?? routeAuthority,
      request: request.change,
      response: response.change,
      backend: backend ?? { kind: "revision", revision: host },
    };
  }

  function readHeaders(
    operations: HeaderOperations | undefined,
    path: FieldPath,
  ): { change: HeaderChange; authority: string | undefined } {
    if (operations === undefined) return { change: NO_CHANGE, authority: undefined };
    let authority: string | undefined;
    const set: [string, string][] = [];
    for (const [name, text] of Object.entries(operations.set ?? {})) {
      checkValue(text, [...path, "set", name]);
      if (/^(host|:authority)$/i.test(name)) authority = text;
      else set.push([name.toLowerCase(), text]);
    }
    const add = Object.entries(operations.add ?? {}).map(([name, text]): [string, string] => {
      checkValue(text, [...path, "add", name]);
      if (/^(host|:authority)$/i.test(name))
        report([...path, "add", name], "a request has one Host", "write it under set");
      return [name.toLowerCase(), text];
    });
    return {
      change: { set, add, remove: (operations.remove ?? []).map((name) => name.toLowerCase()) },
      authority,
    };
  }

  function checkValue(text: string, path: FieldPath): void {
    // Envoy replaces %NAME% in header values; a plain percent sign must be doubled there, so neither is taken here.
    if (text.includes("%"))
      report(path, "the local mesh does not fill in Envoy's %…% values", "write a fixed text without %");
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) report(path, "a header's value has no control characters");
  }
}

/** A gateway's name as `namespace/name`, or `mesh`. */
export function gatewayName(name: string, namespace: string): string {
  return name === "mesh" || name.includes("/") ? name : `${namespace}/${name}`;
}

function readRetry(route: HTTPRoute): RetryPolicy {
  const { retries } = route;
  if (retries === undefined) return DEFAULT_RETRY;
  return {
    attempts: retries.attempts ?? 0,
    perTryTimeoutMs:
      retries.perTryTimeout === undefined ? undefined : durationMs(retries.perTryTimeout) || undefined,
    on:
      retries.retryOn === undefined
        ? DEFAULT_RETRY.on
        : retries.retryOn.split(",").map((condition) => condition.trim()),
  };
}

function fullNames(hosts: ReadonlyMap<string, Backend>): string[] {
  return [...hosts.keys()].filter((host) => host.endsWith(".svc.cluster.local") && hostOf(host) === host);
}

type Report = (path: FieldPath, message: string, fix?: string) => void;

function reporter(document: ManifestDocument, problems: Problem[]): Report {
  return (path, message, fix) => {
    problems.push({ severity: "error", at: document.at(path), field: formatPath(path), message, fix });
  };
}
