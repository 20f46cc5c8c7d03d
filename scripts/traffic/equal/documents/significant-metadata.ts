import type { FieldPath, ManifestDocument } from "../../../manifests/document.ts";
import { kindOf } from "../../../manifests/resources.ts";
import { valueAt } from "../../../schema/value.ts";
import { canonical, significantIn } from "./object-kinds.ts";
import { oneSided } from "./one-sided.ts";

const PLACES: readonly FieldPath[] = [
  ["metadata", "labels"],
  ["metadata", "annotations"],
  ["spec", "template", "metadata", "annotations"],
];

/**
 * Returns the labels and annotations that configure Istio, Knative or kube-proxy and that differ between two sides, in
 * sentences. What each means is not modelled.
 * @param unmentioned objects that the other side only refers to, as `namespace/name` of Knative Services
 */
export function metadataApart(
  a: readonly ManifestDocument[],
  b: readonly ManifestDocument[],
  unmentioned: ReadonlySet<string>,
): string[] {
  const [ofA, ofB] = [a, b].map((documents) => documents.flatMap(markedIn)) as [Marked[], Marked[]];
  const mentioned = oneSided(ofA, ofB, ({ key }) => key).filter(
    ({ service }) => !unmentioned.has(service ?? ""),
  );
  return mentioned.map(({ document, path, name }) => {
    const { file, line } = document.atKey([...path, name]);
    return `${file}:${line}: ${path.join(".")} ${name} is not the same on both sides, and its effect on requests is not modelled`;
  });
}

interface Marked {
  document: ManifestDocument;
  path: FieldPath;
  name: string;
  /** Equal for the same label or annotation of an object with the same purpose. */
  key: string;
  /** The name of a Knative Service. */
  service: string | undefined;
}

function markedIn(document: ManifestDocument): Marked[] {
  const { value } = document;
  const kind = kindOf(document);
  const [namespace = "default", object] = ["namespace", "name"].map((field) =>
    valueAt(value, ["metadata", field]),
  );
  const purpose = purposeOf(kind, value) ?? object;
  return PLACES.flatMap((path) =>
    significantIn(valueAt(value, path)).map(([name, content]): Marked => ({
      document,
      path,
      name,
      key: canonical([kind, namespace, purpose, path, name, content]),
      service: kind === "knativeServices" ? `${String(namespace)}/${String(object)}` : undefined,
    })),
  );
}

/** Returns what an object is for, where its name has no effect. */
function purposeOf(kind: ReturnType<typeof kindOf>, value: unknown): unknown {
  switch (kind) {
    case "virtualServices":
      return valueAt(value, ["spec", "hosts"]);
    case "destinationRules":
      return valueAt(value, ["spec", "host"]);
    case "gateways":
      return valueAt(value, ["spec"]);
    default:
      return undefined;
  }
}
