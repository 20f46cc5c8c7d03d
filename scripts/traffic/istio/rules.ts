import type { FieldPath } from "../../manifests/document.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { compileAction, type HTTPRoute } from "../../route-fields/families.ts";
import { compileMatch, gatewayName } from "../../route-fields/match/compile.ts";
import { redirectAt } from "../../route-fields/redirect/redirect.ts";
import type { Backend, RequestMatch, Rule } from "../table.ts";
import { type Binding, gatewaysOf } from "./gateways.ts";
import { reporter } from "./report.ts";
import type { Subsets } from "./subsets.ts";
import { readTarget } from "./targets.ts";

/** A rule, and the gateways that its matches name; none means every gateway of the VirtualService. */
export interface GatewayRule {
  /**
   * Returns the rule for one gateway and port, or undefined if none of its matches applies to the gateway's proxies.
   */
  for(binding: Binding): Rule | undefined;
}

/** Reads the HTTP rules of a VirtualService. @param hosts the backend of each host that a destination can name */
export function virtualServiceRules(
  source: Sourced<VirtualService>,
  hosts: ReadonlyMap<string, Backend>,
  subsets: Subsets,
): { rules: GatewayRule[]; problems: Problem[] } {
  const { value, document } = source;
  const namespace = value.metadata.namespace ?? "default";
  const problems: Problem[] = [];
  const report = reporter(document, problems);
  const listed = gatewaysOf(value).map((name) => gatewayName(name, namespace));
  const rules = value.spec.http.map((route, i) => readRoute(route, ["spec", "http", i]));
  const first = value.spec.http.findIndex(({ match = [] }) => match.length === 0);
  if (first >= 0 && first < value.spec.http.length - 1) {
    report(
      "unreachable-rule",
      ["spec", "http", first + 1],
      `unreachable: http[${first}] has no match and takes all requests`,
      "move the rule without a match to the end",
    );
  }
  return { rules, problems };

  function readRoute(route: HTTPRoute, path: FieldPath): GatewayRule {
    const at = document.at(path);
    const matches = (route.match ?? []).map((match, i) =>
      compileMatch(match, [...path, "match", i], { namespace, gateways: listed, report }),
    );
    const read = compileAction(route, path, {
      report,
      target: (destination, at) => readTarget(destination, at, { namespace, hosts, subsets, report }),
    });
    return {
      for(binding) {
        const { gateway, port } = binding;
        const action = read.kind === "redirect" ? redirectAt(port ?? 80, route.redirect, read) : read;
        if (matches.length === 0) return { at, matches: [], action };
        const here = matches
          .filter(({ gateways }) => gateways === undefined || gateways.includes(gateway))
          .flatMap(({ match }) => atProxy(match, binding) ?? []);
        return here.length === 0 ? undefined : { at, matches: here, action };
      },
    };
  }
}

const others = new WeakMap<RequestMatch, Map<string, RequestMatch | undefined>>();

/**
 * Returns a match without the conditions that a proxy's port, namespace and labels decide; undefined if one of them
 * fails.
 */
function atProxy(match: RequestMatch, { listener, port, pods }: Binding): RequestMatch | undefined {
  const { attributes = [] } = match;
  if (attributes.length === 0) return match;
  // One object for each listener, because results about a match are cached by its identity.
  const byListener = others.get(match) ?? new Map<string, RequestMatch | undefined>();
  others.set(match, byListener);
  const key = `${listener} ${port}`;
  if (!byListener.has(key)) byListener.set(key, narrowed());
  return byListener.get(key);

  function narrowed(): RequestMatch | undefined {
    const rest = attributes.filter(([name]) => ownValue(name) === undefined);
    if (rest.length === attributes.length) return match;
    const isHere = attributes.every(([name, wanted]) => {
      const own = ownValue(name);
      return own === undefined || (wanted.kind !== "present" && wanted.value === own);
    });
    return isHere ? { ...match, attributes: rest } : undefined;
  }

  /** Returns the proxy's value of an attribute; undefined if it is unknown or depends on the request. */
  function ownValue(name: string): string | undefined {
    if (name === "port") return port === undefined ? undefined : String(port);
    if (name === "source namespace") return pods.namespace;
    const [, label] = /^source label (.*)$/.exec(name) ?? [];
    return label === undefined || pods.labels === undefined ? undefined : (pods.labels[label] ?? "");
  }
}
