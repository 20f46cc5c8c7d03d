import type { TSchema } from "typebox";
import { didYouMean } from "../nearest.ts";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { ExternalNameService, Namespace } from "./kinds/core.ts";
import { Gateway, VirtualService } from "./kinds/istio.ts";
import { KnativeService } from "./kinds/knative-service.ts";
import type { Problem } from "./problem.ts";
import { clusterOnlyFields, validate } from "./validate.ts";

/** A typed object and the document that it was read from. */
export interface Sourced<T> {
  value: T;
  document: ManifestDocument;
}

/** What the folders hold, by kind, in the order of the files. */
export interface Resources {
  /** Several of one name are successive states of one object: each adds a revision, the last one counts. */
  knativeServices: Sourced<KnativeService>[];
  virtualServices: Sourced<VirtualService>[];
  gateways: Sourced<Gateway>[];
  externalNames: Sourced<ExternalNameService>[];
  namespaces: Sourced<Namespace>[];
  /** Fields that are for the cluster only and have no effect on one machine. */
  clusterOnly: { file: string; path: FieldPath }[];
}

/** Sorts documents by kind. What is not a known kind, or not valid as one, comes back as problems. */
export function collectResources(documents: readonly ManifestDocument[]): {
  resources: Resources;
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const resources: Resources = {
    knativeServices: [],
    virtualServices: [],
    gateways: [],
    externalNames: [],
    namespaces: [],
    clusterOnly: [],
  };
  for (const document of documents) {
    const { group, kind } = typeOf(document.value);
    switch (`${group}/${kind}`) {
      case "serving.knative.dev/Service":
        read(KnativeService, document, resources.knativeServices);
        break;
      case "networking.istio.io/VirtualService":
        read(VirtualService, document, resources.virtualServices);
        break;
      case "networking.istio.io/Gateway":
        read(Gateway, document, resources.gateways);
        break;
      case "/Service":
        read(ExternalNameService, document, resources.externalNames);
        break;
      case "/Namespace":
        read(Namespace, document, resources.namespaces);
        break;
      default:
        problems.push(unknownKind(document, kind));
    }
  }
  return { resources, problems };

  function read<S extends TSchema>(
    schema: S,
    document: ManifestDocument,
    into: Sourced<import("typebox").Static<S>>[],
  ) {
    const result = validate(schema, document);
    problems.push(...result.problems);
    if (result.value === undefined) return;
    into.push({ value: result.value, document });
    for (const path of clusterOnlyFields(schema, result.value)) {
      resources.clusterOnly.push({ file: document.file, path });
    }
  }
}

const KINDS = ["Service", "VirtualService", "Gateway", "Namespace", "Kustomization"];

function typeOf(value: unknown): { group: string; kind: string } {
  const { apiVersion, kind } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const version = typeof apiVersion === "string" ? apiVersion : "";
  return {
    group: version.includes("/") ? (version.split("/")[0] ?? "") : "",
    kind: typeof kind === "string" ? kind : "",
  };
}

function unknownKind(document: ManifestDocument, kind: string): Problem {
  const { apiVersion } = (document.value ?? {}) as Record<string, unknown>;
  return {
    severity: "error",
    at: document.at(["kind"]),
    field: "kind",
    message:
      kind === ""
        ? "this is not a Kubernetes object: it has no kind"
        : `${kind} of ${apiVersion} is not known here`,
    fix: `${didYouMean(kind, KINDS)} Keep what is for the cluster only outside the folders that the mesh reads`,
  };
}
