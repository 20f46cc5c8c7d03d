import type { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import type { Sourced } from "../../manifests/resources.ts";
import type { Plan } from "../compile/compile.ts";
import { gatewaysOf } from "../istio/gateways.ts";
import { GATEWAY_NAMESPACE } from "../istio/visibility.ts";
import { rulesOf } from "./request-space/hosts.ts";
import type { Described } from "./entries.ts";
import type { Side } from "./symbolic/side.ts";

/** Returns the assumptions about revisions that the comparison depends on. */
export function assumptionsOf(plans: readonly Plan[], revisionHeader: string | undefined): string[] {
  if (revisionHeader === undefined) return [];
  const isChanged = plans
    .flatMap(({ table }) => rulesOf(table))
    .some(({ action }) => {
      const changes = [
        action.response,
        ...(action.kind === "forward" ? action.destinations : []).map((d) => d.response),
      ];
      return changes.some(({ set, add, remove }) =>
        [...[...set, ...add].map(([name]) => name), ...remove].includes(revisionHeader),
      );
    });
  return isChanged
    ? [`assumption: each revision answers with ${revisionHeader}: its own name (--revision-header)`]
    : [];
}

/**
 * Returns the assumptions about gateways' pods if rules at a gateway match on the caller, which is the gateway itself
 * there.
 * @param isNamespaceAsked whether their namespace matters for other reasons
 */
export function gatewayAssumptions(
  virtualServices: readonly Sourced<VirtualService>[],
  isNamespaceAsked: boolean,
): string[] {
  const matches = virtualServices
    .filter(({ value }) => gatewaysOf(value).some((name) => name !== "mesh"))
    .flatMap(({ value }) => value.spec.http.flatMap(({ match = [] }) => match))
    .filter(({ gateways = [] }) => gateways.length === 0);
  const notes: string[] = [];
  if (isNamespaceAsked || matches.some(({ sourceNamespace }) => sourceNamespace))
    notes.push(`assumption: the pods of the ingress gateway are in the namespace ${GATEWAY_NAMESPACE}`);
  if (matches.some(({ sourceLabels = {} }) => Object.keys(sourceLabels).length > 0))
    notes.push(
      "assumption: the pods of a gateway have no labels beside those that its Gateway selects them by",
    );
  return notes;
}

/** Returns the properties of a table that the comparison does not model. */
export function unreadOf({ table }: Plan): string[] {
  // The hash policies are compared through the DestinationRules, as written.
  const known = new Set(["listeners", "backends", "hashPolicies"]);
  return Object.entries(table).flatMap(([field, value]) => {
    if (known.has(field) || value === undefined || (value instanceof Map && value.size === 0)) return [];
    return [`${field} of the routes are not compared`];
  });
}

/** Returns a plan as one side of a comparison. */
export function sideOf(
  { plan, shared, destinations }: Described,
  plans: readonly Plan[],
  knownHosts: ReadonlySet<string>,
  revisionHeader: string | undefined,
): Side {
  const revisions = new Set(
    plans.flatMap(({ services }) =>
      services.flatMap(({ namespace, revisions, traffic }) => [
        ...revisions.map(({ name }) => `${namespace}/${name}`),
        ...traffic.map(({ revision }) => `${namespace}/${revision}`),
      ]),
    ),
  );
  return { table: plan.table, shared, knownHosts, revisions, revisionHeader, destinations };
}
