import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { ManifestDocument } from "../../manifests/document.ts";
import { isRecord } from "../../manifests/explain.ts";

/** An object that may bear on traffic and that no route table shows. */
export interface Unmodelled {
  /** Kind, namespace and name. */
  name: string;
  /** All that it says, in a form that is the same for the same content. */
  text: string;
  value: unknown;
}

const ServiceEntry = Type.Object({
  kind: Type.Literal("ServiceEntry"),
  spec: Type.Object({
    hosts: Type.Array(Type.String()),
    endpoints: Type.Array(Type.Object({ address: Type.String() }), { minItems: 1 }),
  }),
});

const IdentifiedObject = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  metadata: Type.Object({ name: Type.String(), namespace: Type.Optional(Type.String()) }),
});

type Identified = Static<typeof IdentifiedObject>;

// Kinds that are read into the table or have no say in it, by group and kind.
const READ = new Set([
  "serving.knative.dev/Service",
  "networking.istio.io/VirtualService",
  "networking.istio.io/Gateway",
  "networking.istio.io/DestinationRule",
]);
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
    const group = value.apiVersion.includes("/") ? value.apiVersion.replace(/\/.*$/, "") : "";
    if (READ.has(`${group}/${value.kind}`) || isReadOfCore(group, value)) read.push(document);
    else if (group === "" && value.kind === "Service") services.push(document);
    else if (SHAPING.test(group)) {
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
    if (!Check(ServiceEntry, value)) return [];
    const isOwn = value.spec.endpoints.every(({ address }) => address === "127.0.0.1");
    return isOwn ? value.spec.hosts : [];
  });
}

function isReadOfCore(group: string, value: Identified): boolean {
  if (group !== "") return false;
  const spec: unknown = "spec" in value ? value.spec : undefined;
  if (value.kind === "Service") return isRecord(spec) && spec["type"] === "ExternalName";
  return value.kind === "ConfigMap" && value.metadata.name === "config-features";
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
