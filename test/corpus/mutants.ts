import type { FieldPath } from "../../scripts/manifests/document.ts";
import { isRecord } from "../../scripts/schema/value.ts";

/** How a value was changed. */
export type Change = "value" | "removed" | "order";

/** A list of objects with one change. */
export interface Mutant {
  /** The index of the changed object. */
  object: number;
  /** The field in the object: a changed or removed value, or the list in which two items were swapped. */
  path: FieldPath;
  change: Change;
  objects: unknown[];
}

/** All mutants of the objects: each value changed, each field removed, and each pair of neighbours in a list swapped. */
export function* mutantsOf(objects: readonly unknown[]): Generator<Mutant> {
  for (const [object, value] of objects.entries()) {
    for (const [path, change] of placesIn(value, [])) {
      const changed = structuredClone(value);
      if (!applied(changed, path, change)) continue;
      yield { object, path, change, objects: objects.map((other, i) => (i === object ? changed : other)) };
    }
  }
}

/** Returns the number of mutants, without making them. */
export function countOfMutants(objects: readonly unknown[]): number {
  return objects.reduce<number>((sum, object) => sum + [...placesIn(object, [])].length, 0);
}

function* placesIn(value: unknown, path: FieldPath): Generator<[FieldPath, Change]> {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      yield* placesIn(item, [...path, i]);
      if (i > 0 && JSON.stringify(item) !== JSON.stringify(value[i - 1])) yield [[...path, i], "order"];
    }
  } else if (isRecord(value)) {
    for (const [key, inner] of Object.entries(value)) {
      yield* placesIn(inner, [...path, key]);
      yield [[...path, key], "removed"];
    }
  } else yield [path, "value"];
}

/** Makes a change in place; returns false if it has no effect. */
function applied(root: unknown, path: FieldPath, change: Change): boolean {
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => childOf(at, key), root);
  const last = path.at(-1);
  if (Array.isArray(parent) && typeof last === "number") {
    if (change === "order") [parent[last - 1], parent[last]] = [parent[last], parent[last - 1]];
    else parent[last] = changedValue(parent[last]);
    return true;
  }
  if (!isRecord(parent) || typeof last !== "string") return false;
  if (change === "removed") delete parent[last];
  else parent[last] = changedValue(parent[last]);
  return true;
}

function childOf(at: unknown, key: string | number): unknown {
  if (Array.isArray(at) && typeof key === "number") return at[key];
  return isRecord(at) ? at[key] : undefined;
}

/** Another value of the same form, so that it is not refused for its form. */
function changedValue(value: unknown): unknown {
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  if (typeof value !== "string" || value === "") return "x";
  if (/^[0-9]+([.][0-9]+)?(ms|s|m|h)$/.test(value)) return `7${value}`;
  if (/^[0-9]+$/.test(value)) return String(Number(value) + 1);
  if (value.startsWith("/")) return `${value}x`;
  if (value.startsWith("*.")) return `*.x${value.slice(2)}`;
  return `x${value}`;
}
