import { listAt, valueAt } from "../../scripts/schema/value.ts";
import { fullHost } from "../../scripts/traffic/hosts.ts";

/** A destination that some rule names. */
export interface Named {
  host: string;
  subset: string | undefined;
}

/** The full host and the subset of a destination in an object. */
export function namedBy(destination: unknown, of: unknown): Named {
  const subset = valueAt(destination, ["subset"]);
  return {
    host: fullHost(String(valueAt(destination, ["host"])), namespaceOf(of)),
    subset: typeof subset === "string" ? subset : undefined,
  };
}

/** The namespace of an object; default if it has none. */
export function namespaceOf(object: unknown): string {
  return String(valueAt(object, ["metadata", "namespace"]) ?? "default");
}

/** The full host of a DestinationRule. */
export function hostOf(rule: unknown): string {
  return fullHost(String(valueAt(rule, ["spec", "host"])), namespaceOf(rule));
}

/** Whether each destination of a rule has a subset that its DestinationRule lacks. */
export function isAlwaysMissing(rule: unknown, of: unknown, objects: readonly unknown[]): boolean {
  const routes = listAt(rule, ["route"]);
  return (
    routes.length > 0 && routes.every((route) => isMissing(valueAt(route, ["destination"]), of, objects))
  );
}

/** Whether a destination has a subset that the DestinationRules of its host lack. */
export function isMissing(destination: unknown, of: unknown, objects: readonly unknown[]): boolean {
  const { host, subset } = namedBy(destination, of);
  const rules = objects.filter((one) => valueAt(one, ["kind"]) === "DestinationRule" && hostOf(one) === host);
  const subsets = rules.flatMap((rule) => listAt(rule, ["spec", "subsets"]));
  return (
    subset !== undefined && rules.length > 0 && subsets.every((one) => valueAt(one, ["name"]) !== subset)
  );
}
