import type { KubeObject } from "../kube/kube-object.ts";

/** The namespace that the files are written for. */
export const NAMESPACE = "kyc";

// Fields and headers whose whole value is a namespace.
const NAMESPACE_FIELDS = new Set(["namespace", "Knative-Serving-Namespace"]);

/**
 * The same object for another namespace: its own namespace, and every host, gateway, identity and header that names it.
 */
export function inNamespace(object: KubeObject, to: string): KubeObject {
  if (to === NAMESPACE) return object;
  const moved = move(object, undefined, to) as KubeObject;
  if (object.kind !== "Namespace" || object.metadata.name !== NAMESPACE) return moved;
  return { ...moved, metadata: { ...moved.metadata, name: to } };
}

function move(value: unknown, field: string | undefined, to: string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => move(item, field, to));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, move(child, key, to)]));
  }
  if (typeof value !== "string") return value;
  if (field !== undefined && (NAMESPACE_FIELDS.has(field) || field === "namespaces"))
    return value === NAMESPACE ? to : value;
  return value
    .replaceAll(`.${NAMESPACE}.svc`, `.${to}.svc`)
    .replaceAll(`/ns/${NAMESPACE}/`, `/ns/${to}/`)
    .replace(new RegExp(`^${NAMESPACE}/`), `${to}/`)
    .replace(new RegExp(`\\.${NAMESPACE}(?=$|[:*])`), `.${to}`);
}
