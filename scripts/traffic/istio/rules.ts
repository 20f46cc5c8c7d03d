import type { FieldPath } from "../../manifests/document.ts";
import type {
  HTTPMatchRequest,
  StringMatch as YamlStringMatch,
  ValueMatch as YamlValueMatch,
} from "../../route-fields/match/schema.ts";
import type { HTTPRoute } from "../../route-fields/http-route.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { didYouMean } from "../../nearest.ts";
import { readAction } from "../../route-fields/forward.ts";
import { redirectAt } from "../../route-fields/redirect/redirect.ts";
import { regexProblem } from "../../route-fields/match/match.ts";
import type {
  Backend,
  Listener,
  NamedMatches,
  RequestMatch,
  Rule,
  StringMatch,
  ValueMatch,
} from "../table.ts";
import { reporter } from "./report.ts";
import type { Subsets } from "./subsets.ts";

/** A rule, and the gateways that its matches name: none means every gateway of the VirtualService. */
export interface GatewayRule {
  /** The rule as one gateway has it at its listener, or undefined when none of its matches is for that gateway. */
  for(gateway: string, listener: Listener): Rule | undefined;
}

/**
 * Reads the HTTP rules of a VirtualService.
 * @param hosts what stands behind each host that a destination can name
 */
export function virtualServiceRules(
  source: Sourced<VirtualService>,
  hosts: ReadonlyMap<string, Backend>,
  subsets: Subsets,
): { rules: GatewayRule[]; problems: Problem[] } {
  const { value, document } = source;
  const namespace = value.metadata.namespace ?? "default";
  const problems: Problem[] = [];
  const report = reporter(document, problems);
  const listed = (value.spec.gateways ?? ["mesh"]).map((name) => gatewayName(name, namespace));
  const rules = value.spec.http.map((route, i) => readRoute(route, ["spec", "http", i]));
  const first = value.spec.http.findIndex((route) => route.match === undefined);
  if (first >= 0 && first < value.spec.http.length - 1) {
    report(
      "unreachable-rule",
      ["spec", "http", first + 1],
      `no request gets here: http[${first}] has no match and takes them all`,
      "move the rule without a match to the end",
    );
  }
  return { rules, problems };

  function readRoute(route: HTTPRoute, path: FieldPath): GatewayRule {
    const at = document.at(path);
    const matches = (route.match ?? []).map((match, i) => readMatch(match, [...path, "match", i]));
    const read = readAction(route, path, { namespace, hosts, subsets, report });
    return {
      for(gateway, listener) {
        const action = read.kind === "redirect" ? redirectAt(listener, route.redirect, read) : read;
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
    const gateways = match.gateways?.map((name) => gatewayName(name, namespace));
    for (const [i, name] of (gateways ?? []).entries()) {
      if (listed.includes(name)) continue;
      const message = `${name} is not among this VirtualService's gateways`;
      report("match-gateway", [...path, "gateways", i], message, didYouMean(name, listed));
    }
    return {
      gateways,
      match: {
        uri: readStringMatch(match.uri, [...path, "uri"]),
        method: readStringMatch(match.method, [...path, "method"]),
        ignoreUriCase: match.ignoreUriCase ?? false,
        authority: readStringMatch(match.authority, [...path, "authority"]),
        headers: readNamed(match.headers, [...path, "headers"], lower),
        withoutHeaders: readNamed(match.withoutHeaders, [...path, "withoutHeaders"], lower, "*"),
        queryParams: readNamed(match.queryParams, [...path, "queryParams"], (name) => name),
      },
    };
  }

  /** @param presence a regex that asks for no more than presence, as in Istio it does where a header is not wanted */
  function readNamed(
    named: Readonly<Record<string, YamlValueMatch>> | undefined,
    path: FieldPath,
    spelled: (name: string) => string,
    presence?: string,
  ): NamedMatches {
    return Object.entries(named ?? {}).map(([name, wanted]): [string, ValueMatch] => {
      const isPresence = Object.keys(wanted).length === 0 || (presence && wanted.regex === presence);
      return [spelled(name), isPresence ? { kind: "present" } : readStringMatch(wanted, [...path, name])];
    });
  }

  function readStringMatch(match: YamlValueMatch, path: FieldPath): StringMatch;
  function readStringMatch(match: YamlStringMatch | undefined, path: FieldPath): StringMatch | undefined;
  function readStringMatch(match: YamlStringMatch | undefined, path: FieldPath): StringMatch | undefined {
    if (match?.exact !== undefined) return { kind: "exact", value: match.exact };
    if (match?.prefix !== undefined) return { kind: "prefix", value: match.prefix };
    if (match?.regex === undefined) return undefined;
    const wrong = regexProblem(match.regex);
    if (wrong !== undefined)
      report("regex", [...path, "regex"], `this is not a regular expression that RE2 knows: ${wrong}`);
    return { kind: "regex", value: match.regex };
  }
}

/** A gateway's name as `namespace/name`, or `mesh`. (istio, pilot/pkg/model/virtualservice.go, resolveGatewayName) */
export function gatewayName(name: string, namespace: string): string {
  if (name === "mesh") return name;
  if (name.startsWith("./")) return `${namespace}${name.slice(1)}`;
  return name.includes("/") ? name : `${namespace}/${name}`;
}

function lower(name: string): string {
  return name.toLowerCase();
}
