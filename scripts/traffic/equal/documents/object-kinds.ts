import Type from "typebox";
import { Check } from "typebox/schema";
import type { ManifestDocument } from "../../../manifests/document.ts";
import { ownSidecarHosts } from "../../../manifests/kinds/istio-service-entry.ts";
import { groupOf, isRead, kindNamed, KINDS } from "../../../manifests/kinds/registry.ts";
import { isRecord } from "../../../schema/value.ts";

/** An object that may bear on traffic and that no route table shows. */
export interface Unmodelled {
  /** Kind, namespace and name. */
  name: string;
  /** All that it says, in a form that is the same for the same content. */
  text: string;
  value: unknown;
}

const IdentifiedObject = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  metadata: Type.Object({ name: Type.String(), namespace: Type.Optional(Type.String()) }),
});

const SHAPING = /(^|\.)(istio\.io|knative\.dev|gateway\.networking\.k8s\.io)$/;

/** Sorts documents into those that make the table, those that may bear on traffic otherwise, and leaves out the rest. */
export function sorted(documents: readonly ManifestDocument[]): {
  read: ManifestDocument[];
  unmodelled: Unmodelled[];
  /** Kubernetes Services with pods. */
  services: ManifestDocument[];
} {
  const read: ManifestDocument[] = [];
  const unmodelled: Unmodelled[] = [];
  const services: ManifestDocument[] = [];
  for (const document of documents) {
    const { value } = document;
    if (!Check(IdentifiedObject, value)) {
      read.push(document);
      continue;
    }
    const kind = kindNamed(value.apiVersion, value.kind);
    if (kind !== undefined && KINDS[kind].routes && isRead(kind, { ...value })) read.push(document);
    else if (kind === "externalNames") services.push(document);
    else if (SHAPING.test(groupOf(value.apiVersion))) {
      const { name, namespace = "default" } = value.metadata;
      unmodelled.push({
        name: `${value.kind} ${namespace}/${name}`,
        text: canonical(value),
        value,
      });
    }
  }
  return { read, unmodelled, services };
}

/** The hosts that lead a caller back to its own sidecar: what listens there is on the caller's own address. */
export function sidecarHosts(unmodelled: readonly Unmodelled[]): string[] {
  return unmodelled.flatMap(({ value }) => {
    const isEntry = isRecord(value) && kindNamed(value["apiVersion"], value["kind"]) === "serviceEntries";
    return isEntry ? ownSidecarHosts(value) : [];
  });
}

/** A text that is the same for values that differ in the order of their fields only. */
export function canonical(value: unknown): string {
  return JSON.stringify(ordered(value));
}

/** The same value with the fields of its maps in one order. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  );
}
