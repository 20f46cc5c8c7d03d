import { isRecord, listAt, valueAt } from "../../scripts/schema/value.ts";
import type { Mutant } from "./mutants.ts";
import { actionOf } from "./rule-conditions.ts";

// Conditions under which a changed field has no effect, by other fields of the object.

const BESIDE_ROUTES =
  /^(rbac\.authorization\.k8s\.io|apiextensions\.k8s\.io|policy|autoscaling|batch|monitoring\.coreos\.com)\//;
const CORE_BESIDE_ROUTES =
  /^(ConfigMap|Secret|ServiceAccount|PersistentVolume|PersistentVolumeClaim|LimitRange|ResourceQuota)$/;

// The ConfigMaps that configure the routes of Knative and Istio; the example in them documents the settings.
const CONFIGURATION = /^(config-(domain|network|istio|gateway|defaults|features)|istio|istio-.+)$/;

/** Whether an object does not affect routes, before and after the change: rights, schemas, scaling, data of pods. */
export function isBesideRoutes({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  return [before[object], objects[object]].every((one) => {
    const [version, kind] = ["apiVersion", "kind"].map((field) => String(valueAt(one, [field])));
    const name = String(valueAt(one, ["metadata", "name"]));
    if (kind === "ConfigMap" && CONFIGURATION.test(name))
      return path[0] === "metadata" ? path[1] !== "name" : path.includes("_example");
    return BESIDE_ROUTES.test(version ?? "") || CORE_BESIDE_ROUTES.test(kind ?? "");
  });
}

export function isOfNoGateway({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  const own = valueAt(before[object], ["spec", "gateways"]);
  const named = [before[object], objects[object]].map((one) => valueAt(one, path));
  return Array.isArray(own) && named.every((name) => !own.includes(name));
}

/** Whether a changed label or annotation, or all of a changed map, is of nothing that configures proxies or routes. */
export function configuresNothing({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  const at = path.findIndex((key) => key === "labels" || key === "annotations");
  const names = [before[object], objects[object]].flatMap((one) =>
    path.length > at + 1 ? [String(path[at + 1])] : Object.keys(valueAt(one, path) ?? {}),
  );
  return names.every(
    (name) => !/istio\.io\/|networking\.knative\.dev\/|service\.kubernetes\.io\//.test(name),
  );
}

/** Whether no label or annotation of an object is one of Istio's, or those that are stay as they are. */
export function hasNoMarks({ object, objects }: Mutant, before: readonly unknown[]): boolean {
  const [was, is] = [before[object], objects[object]].map((one) =>
    JSON.stringify(
      ["labels", "annotations"].flatMap((field) =>
        Object.entries(valueAt(one, ["metadata", field]) ?? {}).filter(([name]) => name.includes("istio")),
      ),
    ),
  );
  return was === is;
}

/** Whether a label is of an object that no selector looks at, and configures nothing. */
export function isPlainLabel(mutant: Mutant, before: readonly unknown[]): boolean {
  return isNoPod(mutant, before) && configuresNothing(mutant, before);
}

/** Labels of pods decide which pods answer, and those of a Knative Service who can reach it. */
function isNoPod({ object }: Mutant, before: readonly unknown[]): boolean {
  const kind = valueAt(before[object], ["kind"]);
  return ["VirtualService", "DestinationRule", "Gateway", "Service", "Deployment"].includes(String(kind));
}

/** Pods are selected by their labels, which a workload has in its template. */
export function isNoPodLabel({ path }: Mutant): boolean {
  return !path.includes("labels");
}

export function hasFullNamesOnly({ object }: Mutant, before: readonly unknown[]): boolean {
  const text = JSON.stringify(valueAt(before[object], ["spec"]));
  const names = [...text.matchAll(/"(?:host|hosts|gateways)":(\[[^\]]*\]|"[^"]*")/g)].flatMap(
    ([, found = ""]) => [...found.matchAll(/"([^"]*)"/g)],
  );
  return names.every(([, name = ""]) => /[./*]|^mesh$/.test(name));
}

export function isOnly({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const routes = valueAt(before[object], path.slice(0, 4));
  return Array.isArray(routes) && routes.length === 1;
}

export function isAborted({ object, path }: Mutant, before: readonly unknown[]): boolean {
  const abort = valueAt(before[object], [...path.slice(0, 3), "fault", "abort"]);
  return valueAt(abort, ["percentage", "value"]) === 100 || valueAt(abort, ["percent"]) === 100;
}

export function isNamed(gateway: unknown, objects: readonly unknown[]): boolean {
  const name = String(valueAt(gateway, ["metadata", "name"]));
  return objects.some((object) => {
    const gateways = valueAt(object, ["spec", "gateways"]);
    return Array.isArray(gateways) && gateways.some((each) => String(each).replace(/^.*\//, "") === name);
  });
}

/** Whether a destination of several has the weight 0, before and after the change. */
export function isWithoutWeight({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  return [before[object], objects[object]].every((one) => {
    const routes = valueAt(one, path.slice(0, 4));
    const weight = valueAt(one, [...path.slice(0, 5), "weight"]);
    return Array.isArray(routes) && routes.length > 1 && (weight === 0 || weight === undefined);
  });
}

/** Whether only one destination has a weight, before and after the change. */
export function isWeightedAlone({ object, objects, path }: Mutant, before: readonly unknown[]): boolean {
  const weighted = [before[object], objects[object]].map((one) => {
    const routes = valueAt(one, path.slice(0, 4));
    const weights = (Array.isArray(routes) ? routes : []).map((route) => valueAt(route, ["weight"]) ?? 0);
    return weights.flatMap((weight, i) => (weight === 0 ? [] : [i]));
  });
  const [was, is] = weighted;
  return was?.length === 1 && is?.length === 1 && was[0] === is[0];
}

/** Whether the rules of a VirtualService differ only in their conditions, before and after the change. */
export function doTheSame({ object, objects }: Mutant, before: readonly unknown[]): boolean {
  const actions = [before[object], objects[object]].flatMap((one) =>
    listAt(one, ["spec", "http"]).map(actionOf),
  );
  return new Set(actions).size === 1;
}

/** Whether each subset has labels that its Service selects by anyway, before and after the change. */
export function areAllPods({ objects }: Mutant, before: readonly unknown[]): boolean {
  return [before, objects].every((all) => {
    const selectors = all.flatMap((one) => {
      const selector = valueAt(one, ["spec", "selector"]);
      return valueAt(one, ["kind"]) === "Service" && isRecord(selector) ? [selector] : [];
    });
    const subsets = all.flatMap((one) => {
      const own = valueAt(one, ["spec", "subsets"]);
      return Array.isArray(own) ? own : [];
    });
    const labels = subsets.flatMap((one) => Object.entries(valueAt(one, ["labels"]) ?? {}));
    if (selectors.length === 0 || subsets.length === 0) return false;
    return labels.every(([name, is]) => selectors.every((one) => one[name] === is));
  });
}
