import { kindNamed } from "../../manifests/kinds/registry.ts";
import type { KubeObject } from "../kube/kube-object.ts";

// Fields and headers whose whole value is a namespace.
const NAMESPACE_FIELDS = new Set(["namespace", "Knative-Serving-Namespace"]);

// Kubernetes' own namespaced kinds in a service's files, besides those that this tool reads.
const NAMESPACED = new Set(["ConfigMap", "Deployment", "Secret", "Service", "ServiceAccount"]);

/** The namespace of the files, and the one to deploy to. */
export interface NamespaceMove {
  from: string;
  to: string;
}

/**
 * Returns an object moved to another namespace: its own namespace, and every host, gateway, identity and header that
 * names it. An object of a known kind without a namespace gets it, as by `kubectl apply -n`.
 */
export function inNamespace(object: KubeObject, { from, to }: NamespaceMove): KubeObject {
  const placed = withNamespace(object, to);
  if (to === from) return placed;
  const moved = move(placed, undefined, { from, to }) as KubeObject;
  if (object.kind !== "Namespace" || object.metadata.name !== from) return moved;
  return { ...moved, metadata: { ...moved.metadata, name: to } };
}

function withNamespace(object: KubeObject, namespace: string): KubeObject {
  const { apiVersion, kind, metadata } = object;
  const isNamespaced =
    kind !== "Namespace" && (NAMESPACED.has(kind) || kindNamed(apiVersion, kind) !== undefined);
  if (metadata.namespace !== undefined || !isNamespaced) return object;
  return { ...object, metadata: { ...metadata, namespace } };
}

function move(value: unknown, field: string | undefined, by: NamespaceMove): unknown {
  const { from, to } = by;
  if (Array.isArray(value)) return value.map((item: unknown) => move(item, field, by));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, move(child, key, by)]));
  }
  if (typeof value !== "string") return value;
  if (field !== undefined && (NAMESPACE_FIELDS.has(field) || field === "namespaces"))
    return value === from ? to : value;
  return value
    .replaceAll(`.${from}.svc`, `.${to}.svc`)
    .replaceAll(`/ns/${from}/`, `/ns/${to}/`)
    .replace(new RegExp(`^${from}/`), `${to}/`)
    .replace(new RegExp(`\\.${from}(?=$|[:*])`), `.${to}`);
}
