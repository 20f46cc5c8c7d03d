import { isRecord, listAt, valueAt } from "../../scripts/schema/value.ts";
import { coversHost } from "../../scripts/traffic/hosts.ts";
import type { Mutant } from "./mutants.ts";
import { hostOf, isAlwaysMissing, isMissing, type Named, namedBy } from "./named-destinations.ts";
import { firstThatTakesAll, isDelegateOfNone } from "./rule-conditions.ts";

// Conditions under which a change of a DestinationRule, or of a subset that a rule names, has no effect.

/** Whether the changed rule, before and after, has only subsets that their DestinationRule lacks. */
export function isWithoutSubset({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  return [before, objects].every((all) =>
    isAlwaysMissing(valueAt(all[object], path.slice(0, 3)), all[object], all),
  );
}

/** Whether one destination, before and after, has a subset that its DestinationRule lacks. */
export function isMissingSubset({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  return [before, objects].every((all) =>
    isMissing(valueAt(all[object], [...path.slice(0, 5), "destination"]), all[object], all),
  );
}

/** Whether a change concerns only subsets of a DestinationRule that no rule names for its host. */
export function isUnnamedSubset({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  const isOfSubsets = path[1] === "subsets";
  // Settings of the whole host depend on the host, not on subsets that no rule names.
  const said = ["trafficPolicy", "exportTo", "workloadSelector"];
  const spec = valueAt(before[object], ["spec"]);
  if (!isOfSubsets && said.some((field) => valueAt(spec, [field]) !== undefined)) return false;
  return [before, objects].every((all) => {
    const [subsets, host] = [listAt(all[object], ["spec", "subsets"]), hostOf(all[object])];
    const changed = typeof path[2] === "number" ? [subsets[path[2]]] : subsets;
    const used = all
      .flatMap((one) => destinationsOf(one, all))
      .filter((named) => coversHost(host, named.host));
    // A subset is missing if a DestinationRule of its host lacks it, and unknown if there is none.
    const isOnly =
      isOfSubsets ||
      hostOf(before[object]) === hostOf(objects[object]) ||
      used.every(({ subset }) => subset === undefined);
    return isOnly && changed.every((subset) => used.every((one) => one.subset !== valueAt(subset, ["name"])));
  });
}

/** The destinations of reachable rules, except those with weight 0 next to others. */
function destinationsOf(object: unknown, objects: readonly unknown[]): Named[] {
  if (isDelegateOfNone(object, objects)) return [];
  const last = firstThatTakesAll(object);
  const http = listAt(object, ["spec", "http"]);
  const reached = last < 0 ? http : http.slice(0, last + 1);
  const others = ["tcp", "tls"].flatMap((field) => listAt(object, ["spec", field]));
  return [...reached, ...others].flatMap((rule) => {
    if (valueAt(rule, ["fault", "abort", "percentage", "value"]) === 100) return [];
    const routes = listAt(rule, ["route"]);
    const weighted =
      routes.length < 2 ? routes : routes.filter((one) => (valueAt(one, ["weight"]) ?? 0) !== 0);
    const copies = listAt(rule, ["mirrors"]).map((mirror) => valueAt(mirror, ["destination"]));
    return [...weighted.map((route) => valueAt(route, ["destination"])), valueAt(rule, ["mirror"]), ...copies]
      .filter(isRecord)
      .map((destination) => namedBy(destination, object));
  });
}

/** Whether a DestinationRule for a wildcard has the same settings for the host, before and after the change. */
export function isSaidOfWildcard({ object, objects }: Mutant, before: readonly unknown[]): boolean {
  const said = (rule: unknown): string =>
    JSON.stringify({ ...(valueAt(rule, ["spec"]) ?? {}), host: undefined });
  return [before, objects].every((all) =>
    all.some((one, i) => {
      if (i === object || valueAt(one, ["kind"]) !== "DestinationRule") return false;
      const host = hostOf(one);
      return host.startsWith("*") && coversHost(host, hostOf(all[object])) && said(one) === said(all[object]);
    }),
  );
}
