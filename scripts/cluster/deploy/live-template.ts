import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { FieldPath } from "../../manifests/document.ts";
import { isRecord } from "../../schema/value.ts";
import type { KubeObject } from "../kube/kube-object.ts";

const Templated = Type.Object({
  spec: Type.Object({
    template: Type.Object({ metadata: Type.Optional(Type.Object({ name: Type.Optional(Type.String()) })) }),
  }),
});
type Templated = Static<typeof Templated>;

/**
 * Returns a Knative Service to apply, with its revision's template as on the cluster if that revision is live
 * already. Knative sets defaults in a template once, refuses to do so again under the same name, and would take the
 * template without them for a forbidden change (serving, pkg/apis/serving/v1/configuration_defaults.go). Other
 * objects are returned unchanged.
 * @returns the object, or the path of the first field that differs between file and revision
 */
export function withLiveTemplate(
  object: KubeObject,
  live: KubeObject | undefined,
): { object: KubeObject } | { differs: FieldPath } {
  if (!Check(Templated, object) || live === undefined || !Check(Templated, live)) return { object };
  const name = nameOf(object);
  if (name === undefined || name !== nameOf(live)) return { object };
  const differs = firstDifference(object.spec.template, live.spec.template, ["spec", "template"]);
  if (differs !== undefined) return { differs };
  return { object: { ...object, spec: { ...object.spec, template: live.spec.template } } };
}

function nameOf({ spec }: Templated): string | undefined {
  return spec.template.metadata?.name;
}

/** Returns the first written field that differs; fields that are not written may have any value. */
function firstDifference(written: unknown, live: unknown, path: FieldPath): FieldPath | undefined {
  if (Array.isArray(written)) {
    if (!Array.isArray(live) || written.length !== live.length) return path;
    return first(written.entries(), (i, value) => firstDifference(value, live[i], [...path, i]));
  }
  if (isRecord(written)) {
    if (!isRecord(live)) return Object.keys(written).length === 0 ? undefined : path;
    return first(Object.entries(written), (key, value) => firstDifference(value, live[key], [...path, key]));
  }
  return written === live || isSameQuantity(written, live, path) ? undefined : path;
}

function first<K>(
  entries: Iterable<[K, unknown]>,
  look: (key: K, value: unknown) => FieldPath | undefined,
): FieldPath | undefined {
  for (const [key, value] of entries) {
    const found = look(key, value);
    if (found !== undefined) return found;
  }
  return undefined;
}

const UNITS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

// The cluster writes `1000m` and `1.0` as `1`.
function isSameQuantity(written: unknown, live: unknown, path: FieldPath): boolean {
  if (!path.includes("resources")) return false;
  const amount = quantity(written);
  return amount !== undefined && amount === quantity(live);
}

function quantity(value: unknown): number | undefined {
  const [, number, unit] = /^([0-9.]+)([a-zA-Z]*)$/.exec(String(value)) ?? [];
  const factor = UNITS[unit ?? ""];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
