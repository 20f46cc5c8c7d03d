import type { FieldPath } from "../../manifests/document.ts";
import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { compileAction, type HTTPRoute } from "../../route-fields/families.ts";
import { compileMatch, gatewayName } from "../../route-fields/match/compile.ts";
import { redirectAt } from "../../route-fields/redirect/redirect.ts";
import type { Backend, Listener, Rule } from "../table.ts";
import { reporter } from "./report.ts";
import type { Subsets } from "./subsets.ts";
import { readTarget } from "./targets.ts";

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
    const matches = (route.match ?? []).map((match, i) =>
      compileMatch(match, [...path, "match", i], { namespace, gateways: listed, report }),
    );
    const read = compileAction(route, path, {
      report,
      target: (destination, at) => readTarget(destination, at, { namespace, hosts, subsets, report }),
    });
    return {
      for(gateway, listener) {
        const action = read.kind === "redirect" ? redirectAt(listener, route.redirect, read) : read;
        if (matches.length === 0) return { at, matches: [], action };
        const here = matches.filter(({ gateways }) => gateways === undefined || gateways.includes(gateway));
        return here.length === 0 ? undefined : { at, matches: here.map(({ match }) => match), action };
      },
    };
  }
}
