import type { Static, TSchema } from "typebox";
import { isRecord } from "../manifests/explain.ts";
import type { ManifestDocument } from "../manifests/document.ts";
import { type Problem, problemAt } from "../manifests/problem.ts";
import { validate } from "../manifests/validate.ts";
import { nearest } from "../nearest.ts";
import * as kinds from "./kinds.ts";

/** An object and the document that it was read from. */
export interface Sourced<T> {
  value: T;
  document: ManifestDocument;
}

/** What the files hold, as far as a rule looks at it, in the order in which they are read. */
export interface Objects {
  virtualServices: Sourced<kinds.VirtualService>[];
  destinationRules: Sourced<kinds.DestinationRule>[];
  knativeServices: Sourced<kinds.KnativeService>[];
  peerAuthentications: Sourced<kinds.PeerAuthentication>[];
  authorizationPolicies: Sourced<kinds.AuthorizationPolicy>[];
  namespaces: Sourced<kinds.Named>[];
  services: Sourced<kinds.Named>[];
  serviceEntries: Sourced<kinds.ServiceEntry>[];
  /** By document, in which place it was read. */
  order: ReadonlyMap<ManifestDocument, number>;
}

/** The kinds that lint knows, by group. */
const KNOWN = [
  "VirtualService",
  "DestinationRule",
  "Gateway",
  "PeerAuthentication",
  "AuthorizationPolicy",
  "ServiceEntry",
  "Sidecar",
];

/** Sorts documents by kind, and leaves out what no rule looks at. What is not readable as its kind is a problem. */
export function readObjects(documents: readonly ManifestDocument[]): {
  objects: Objects;
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const objects: Objects = {
    virtualServices: [],
    destinationRules: [],
    knativeServices: [],
    peerAuthentications: [],
    authorizationPolicies: [],
    namespaces: [],
    services: [],
    serviceEntries: [],
    order: new Map(documents.map((document, i) => [document, i])),
  };
  for (const document of documents) {
    switch (kindOf(document)) {
      case "networking.istio.io/VirtualService":
        read(kinds.VirtualService, document, objects.virtualServices);
        break;
      case "networking.istio.io/DestinationRule":
        read(kinds.DestinationRule, document, objects.destinationRules);
        break;
      case "serving.knative.dev/Service":
        read(kinds.KnativeService, document, objects.knativeServices);
        break;
      case "security.istio.io/PeerAuthentication":
        read(kinds.PeerAuthentication, document, objects.peerAuthentications);
        break;
      case "security.istio.io/AuthorizationPolicy":
        read(kinds.AuthorizationPolicy, document, objects.authorizationPolicies);
        break;
      case "networking.istio.io/ServiceEntry":
        read(kinds.ServiceEntry, document, objects.serviceEntries);
        break;
      case "/Namespace":
        read(kinds.Named, document, objects.namespaces);
        break;
      case "/Service":
        read(kinds.Named, document, objects.services);
        break;
      default:
        problems.push(...mistyped(document));
    }
  }
  return { objects, problems };

  function read<S extends TSchema>(schema: S, document: ManifestDocument, into: Sourced<Static<S>>[]): void {
    const result = validate(schema, document);
    problems.push(...result.problems);
    if (result.value !== undefined) into.push({ value: result.value, document });
  }
}

/** `networking.istio.io/Gateway`, `/Service`: the group of an object's kind, and the kind. */
export function kindOf({ value }: ManifestDocument): string {
  const { apiVersion, kind } = isRecord(value) ? value : {};
  const group =
    typeof apiVersion === "string" && apiVersion.includes("/") ? apiVersion.replace(/\/.*$/, "") : "";
  return `${group}/${String(kind)}`;
}

/** A kind of Istio's or Knative's that there is not; other kinds are none of lint's business. */
function mistyped(document: ManifestDocument): Problem[] {
  const [group = "", kind = ""] = kindOf(document).split("/");
  const near = group.endsWith("istio.io") && !KNOWN.includes(kind) ? nearest(kind, KNOWN) : undefined;
  if (near === undefined) return [];
  const message = `there is no kind ${kind}`;
  return [
    problemAt("unknown-kind", document, ["kind"], {
      message,
      fix: `did you mean ${near}?`,
      name: kind,
      near,
    }),
  ];
}

export function namespaceOf({ value }: Sourced<kinds.Named>): string {
  return value.metadata.namespace ?? "default";
}
