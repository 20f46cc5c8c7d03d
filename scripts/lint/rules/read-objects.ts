import Type from "typebox";
import { Check } from "typebox/schema";
import type { FieldPath, ManifestDocument } from "../../manifests/document.ts";
import { isRecord } from "../../schema/value.ts";
import {
  apiKind,
  groupOf,
  isRead,
  kindNamed,
  KINDS,
  type KindName,
  listsByKind,
  NAMES,
  type ObjectOf,
  UNREAD_KINDS,
} from "../../manifests/kinds/registry.ts";
import type { KindEntry } from "../../manifests/kinds/kind-entry.ts";
import { type Problem, problemAt } from "../../manifests/problem.ts";
import {
  emptyResources,
  kindOf,
  type ObjectLists,
  repeated,
  type Resources,
} from "../../manifests/resources.ts";
import { judge, type PartialObject } from "../../manifests/validate.ts";
import { nearest } from "../../nearest.ts";
import type { Labels } from "../../traffic/pods.ts";

/** An object as far as it is valid, and the document that it was read from. */
export interface Sourced<T> {
  value: PartialObject<T>;
  document: ManifestDocument;
}

type PartialLists = { [K in KindName]: Sourced<ObjectOf<K>>[] };

interface KubernetesService {
  name: string;
  namespace: string;
  /** Empty if they are unknown, as for an ExternalName. */
  ports: number[];
  /** The labels of its pods; undefined if it selects none itself. */
  selector: Labels | undefined;
  document: ManifestDocument;
}

/** An object that makes pods. */
export interface Workload {
  /** Kind and name, as messages have it. */
  title: string;
  namespace: string;
  labels: Labels;
  replicas: number;
  /** Whether Kubernetes can tell when a pod can answer. */
  hasReadiness: boolean;
  document: ManifestDocument;
}

/** The objects of the files, in the order of reading. */
export type Objects = PartialLists & {
  /** The Kubernetes Services of any type. */
  services: KubernetesService[];
  /** The objects that create their pods. */
  workloads: Workload[];
  /** The place of each document in the order of reading. */
  order: ReadonlyMap<ManifestDocument, number>;
};

/** The parts of an object that were not read. */
export interface LeftOut {
  document: ManifestDocument;
  invalid: readonly FieldPath[];
  unsupported: readonly FieldPath[];
}

export interface ReadObjects {
  /** Each object as far as it is valid. */
  objects: Objects;
  /** The objects that can be compiled, without their invalid parts. */
  resources: Resources;
  problems: Problem[];
  leftOut: LeftOut[];
}

/** Sorts documents by kind, and ignores kinds that no rule reads. */
export function readObjects(documents: readonly ManifestDocument[]): ReadObjects {
  const problems: Problem[] = [];
  const leftOut: LeftOut[] = [];
  const resources = emptyResources();
  const objects: Objects = {
    ...listsByKind<PartialLists>(),
    services: documents.flatMap(kubernetesService),
    workloads: documents.flatMap(workload),
    order: new Map(documents.map((document, i) => [document, i])),
  };
  for (const document of documents) {
    const name = kindOf(document);
    if (name === undefined) problems.push(...notReadable(document));
    // Other Services and ConfigMaps are the API server's concern.
    else if (isLinted(name) && isRecord(document.value) && isRead(name, document.value)) read(name, document);
  }
  return { objects, resources, problems: [...problems, ...repeated(resources)], leftOut };

  function read<K extends KindName>(name: K, document: ManifestDocument): void {
    const schema: (typeof KINDS)[K]["schema"] = KINDS[name].schema;
    const { partial, value, invalid, unsupported, problems: found } = judge(schema, document);
    problems.push(...found);
    leftOut.push({ document, invalid, unsupported });
    const [lists, partials]: [ObjectLists, PartialLists] = [resources, objects];
    if (value !== undefined) lists[name].push({ value, document, unsupported });
    if (partial !== undefined) partials[name].push({ value: partial, document });
  }
}

function isLinted(name: KindName): boolean {
  const { unlinted }: KindEntry = KINDS[name];
  return unlinted !== true;
}

const ServicePorts = Type.Object({
  spec: Type.Object({ ports: Type.Array(Type.Object({ port: Type.Integer() })) }),
});
const ServiceSelector = Type.Object({
  spec: Type.Object({ selector: Type.Record(Type.String(), Type.String(), { minProperties: 1 }) }),
});

function kubernetesService(document: ManifestDocument): KubernetesService[] {
  const { value } = document;
  if (!isRecord(value) || !isRecord(value["metadata"])) return [];
  if (kindNamed(value["apiVersion"], value["kind"]) !== "externalNames") return [];
  const { name, namespace = "default" } = value["metadata"];
  if (typeof name !== "string" || typeof namespace !== "string") return [];
  const isExternal = isRecord(value["spec"]) && value["spec"]["type"] === "ExternalName";
  const ports = !isExternal && Check(ServicePorts, value) ? value.spec.ports.map(({ port }) => port) : [];
  const selector = !isExternal && Check(ServiceSelector, value) ? value.spec.selector : undefined;
  return [{ name, namespace, ports, selector, document }];
}

// The part of an object with pods that determines which selectors match. Its other fields are the API server's
// concern.
const Workload = Type.Object({
  kind: Type.Enum(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout"]),
  metadata: Type.Object({ name: Type.String(), namespace: Type.Optional(Type.String()) }),
  spec: Type.Object({
    replicas: Type.Optional(Type.Integer()),
    template: Type.Object({
      metadata: Type.Optional(
        Type.Object({ labels: Type.Optional(Type.Record(Type.String(), Type.String())) }),
      ),
      spec: Type.Object({
        containers: Type.Array(Type.Object({ readinessProbe: Type.Optional(Type.Unknown()) })),
      }),
    }),
  }),
});

function workload(document: ManifestDocument): Workload[] {
  const { value } = document;
  if (!Check(Workload, value)) return [];
  const { name, namespace = "default" } = value.metadata;
  const { replicas = 1, template } = value.spec;
  const hasReadiness = template.spec.containers.some(({ readinessProbe }) => readinessProbe !== undefined);
  const labels = template.metadata?.labels ?? {};
  return [{ title: `${value.kind} ${name}`, namespace, labels, replicas, hasReadiness, document }];
}

/** The kinds of Istio that a misspelt one may mean. */
const ISTIO_KINDS = [...NAMES.map(apiKind), ...UNREAD_KINDS]
  .filter(({ apiVersion }) => groupOf(apiVersion).endsWith("istio.io"))
  .map(({ kind }) => kind);

/** Problems of a document that is not an object, or of a kind that Istio does not have; other kinds are ignored. */
function notReadable(document: ManifestDocument): Problem[] {
  const { value } = document;
  if (!isRecord(value) || typeof value["kind"] !== "string" || typeof value["apiVersion"] !== "string") {
    const message = "this is not a Kubernetes object";
    return [problemAt("not-an-object", document, [], { message, fix: "give apiVersion, kind and metadata" })];
  }
  const { apiVersion, kind } = value;
  const isIstio = groupOf(apiVersion).endsWith("istio.io");
  const near = isIstio && !ISTIO_KINDS.includes(kind) ? nearest(kind, ISTIO_KINDS) : undefined;
  if (near === undefined) return [];
  const text = { message: `there is no kind ${kind}`, fix: `did you mean ${near}?`, name: kind, near };
  return [problemAt("unknown-kind", document, ["kind"], text)];
}

export function namespaceOf({ value }: { value: { metadata: { namespace?: string | undefined } } }): string {
  return value.metadata.namespace ?? "default";
}
