import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import type { ManifestDocument } from "../../../manifests/document.ts";
import { ownSidecarHosts } from "../../../manifests/kinds/istio-service-entry.ts";
import { groupOf, isRead, kindNamed, KINDS } from "../../../manifests/kinds/registry.ts";
import { serviceHost } from "./plain-service.ts";
import { METADATA_FILLED_IN } from "../../../schema/schema.ts";
import { isRecord, valueAt } from "../../../schema/value.ts";

/** An object that the route table does not model. It is compared as written. */
export interface Unmodelled {
  /** Kind, namespace and name. */
  name: string;
  /** Its content in canonical form. */
  text: string;
  value: unknown;
}

const IdentifiedObject = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  // Templates and outputs of controllers have no name; the kinds that are read here need one.
  metadata: Type.Object({ name: Type.Optional(Type.String()), namespace: Type.Optional(Type.String()) }),
});

type Identified = Static<typeof IdentifiedObject>;

// Groups and kinds without effect on routes: rights, schemas, alerts, scaling, build files, and the inputs of pods.
const WITHOUT_SAY =
  /^(rbac\.authorization\.k8s\.io|apiextensions\.k8s\.io|policy|autoscaling|batch|monitoring\.coreos\.com|(config\.|)kustomize\.(config\.|)k8s\.io)\/|^\/(Secret|ServiceAccount|PersistentVolume|PersistentVolumeClaim|LimitRange|ResourceQuota)$/;

// These ConfigMaps configure the routes of Knative and Istio.
const CONFIGURATION = /^(config-(domain|network|istio|gateway|defaults)|istio|istio-.+)$/;

// Only the labels of their pods are compared, since they decide which pods answer.
const WORKLOAD = /^apps\/(Deployment|StatefulSet|DaemonSet|ReplicaSet)$|^\/Pod$/;

// Labels and annotations by which Istio, Knative and kube-proxy are configured, such as networking.istio.io/exportTo of
// a Service, istio.io/rev of any object and networking.knative.dev/http-protocol of a Knative Service.
const CONFIGURES = /(^|\.)(istio\.io|knative\.dev)\/|^service\.kubernetes\.io\/|^istio-injection$/;

// Those of them without effect on requests: scaling, authors, names for telemetry, resources of proxies; and what is
// modelled.
const HARMLESS =
  /^((autoscaling|client)\.knative\.dev\/|serving\.knative\.dev\/(creator|lastModifier)$|networking\.knative\.dev\/visibility$|service\.istio\.io\/canonical-|sidecar\.istio\.io\/(proxy(CPU|Memory)|stats|(component|agent)?[lL]ogLevel))/;

/** Sorts documents into those that are compiled to the table and those that are compared as written. */
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
    const group = groupOf(value.apiVersion);
    if (kind !== undefined && KINDS[kind].routes && isRead(kind, { ...value })) read.push(document);
    else if (kind === "externalNames" && serviceHost(document) !== undefined) services.push(document);
    else if (group === "" && value.kind === "ConfigMap") {
      const { name = "", namespace = "default" } = value.metadata;
      if (CONFIGURATION.test(name))
        unmodelled.push({ name: `ConfigMap ${namespace}/${name}`, text: canonical(settings(value)), value });
    } else if (group === "" && value.kind === "Namespace") {
      const marks = ["labels", "annotations"].map((field) =>
        significantIn(valueAt(value, ["metadata", field])),
      );
      const { name = "" } = value.metadata;
      if (marks.flat().length > 0)
        unmodelled.push({ name: `Namespace ${name}`, text: canonical(marks), value });
    } else if (!WITHOUT_SAY.test(`${group}/${value.kind}`)) {
      const isWorkload = WORKLOAD.test(`${group}/${value.kind}`);
      const pods = isWorkload ? podLabels(value) : undefined;
      if (isWorkload && pods === undefined) continue;
      const { name = "(without a name)", namespace = "default" } = value.metadata;
      unmodelled.push({
        name: `${value.kind} ${namespace}/${name}`,
        text: canonical(isWorkload ? [pods, podSettings(value)] : withoutFilledIn(value)),
        value,
      });
    }
  }
  return { read, unmodelled, services };
}

/** Returns the hosts that lead a caller back to its own sidecar, whose listener is at the caller's own address. */
export function sidecarHosts(unmodelled: readonly Unmodelled[]): string[] {
  return unmodelled.flatMap(({ value }) => {
    const isEntry = isRecord(value) && kindNamed(value["apiVersion"], value["kind"]) === "serviceEntries";
    return isEntry ? ownSidecarHosts(value) : [];
  });
}

/** Returns the labels or annotations of a map that can change what happens to requests. */
export function significantIn(map: unknown): [string, unknown][] {
  if (!isRecord(map)) return [];
  return Object.entries(map)
    .filter(([name]) => CONFIGURES.test(name) && !HARMLESS.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Returns the annotations of a workload's pods that configure their proxies. */
function podSettings(value: Identified): unknown {
  const of = value.kind === "Pod" ? ["metadata"] : ["spec", "template", "metadata"];
  return significantIn(valueAt(value, [...of, "annotations"]));
}

/** Returns the settings of a ConfigMap, without the example that documents them. */
function settings(value: Identified): unknown {
  const data = valueAt(value, ["data"]);
  return isRecord(data)
    ? Object.entries(data)
        .filter(([key]) => key !== "_example")
        .sort()
    : data;
}

function podLabels(value: Identified): unknown {
  if (value.kind === "Pod") return valueAt(value, ["metadata", "labels"]);
  return valueAt(value, ["spec", "template", "metadata", "labels"]);
}

/** Returns an object without the fields that a cluster adds. */
function withoutFilledIn({ status: _, metadata, ...rest }: Identified & { status?: unknown }): unknown {
  const own = Object.entries(metadata).filter(([field]) => !METADATA_FILLED_IN.includes(field));
  return { ...rest, metadata: Object.fromEntries(own) };
}

/** Returns a text that is equal for values that differ only in the order of their fields. */
export function canonical(value: unknown): string {
  return JSON.stringify(ordered(value));
}

/** Returns the value with the fields of its maps in one order. */
export function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  );
}
