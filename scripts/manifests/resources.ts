import type { Static, TSchema } from "typebox";
import { nearest } from "../nearest.ts";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { isRecord } from "./explain.ts";
import { ConfigFeatures, ExternalNameService, Namespace, ServiceAccount } from "./kinds/core.ts";
import { DestinationRule } from "./kinds/istio-destination-rule.ts";
import { Gateway } from "./kinds/istio-gateway.ts";
import { VirtualService } from "./kinds/istio-virtual-service.ts";
import { KnativeService } from "./kinds/knative-service.ts";
import { type Problem, problemAt } from "./problem.ts";
import { clusterOnlyFields, validate, type ValidateOptions } from "./validate.ts";

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
  destinationRules: Sourced<DestinationRule>[];
  externalNames: Sourced<ExternalNameService>[];
  namespaces: Sourced<Namespace>[];
  serviceAccounts: Sourced<ServiceAccount>[];
  /** What Knative is told to do beyond its defaults. */
  configFeatures: Sourced<ConfigFeatures>[];
  /** Fields that are for the cluster only and have no effect on one machine. */
  clusterOnly: { file: string; path: FieldPath }[];
}

/** The kinds that can be read, each with the apiVersion to write. */
const KINDS: readonly (readonly [apiVersion: string, kind: string])[] = [
  ["serving.knative.dev/v1", "Service"],
  ["networking.istio.io/v1", "VirtualService"],
  ["networking.istio.io/v1", "Gateway"],
  ["networking.istio.io/v1", "DestinationRule"],
  ["v1", "Service"],
  ["v1", "Namespace"],
  ["v1", "ServiceAccount"],
  ["v1", "ConfigMap"],
];

/** Sorts documents by kind. What is not a known kind, or not valid as one, comes back as problems. */
export function collectResources(
  documents: readonly ManifestDocument[],
  options: ValidateOptions = {},
): { resources: Resources; problems: Problem[] } {
  const problems: Problem[] = [];
  const resources: Resources = {
    knativeServices: [],
    virtualServices: [],
    gateways: [],
    destinationRules: [],
    externalNames: [],
    namespaces: [],
    serviceAccounts: [],
    configFeatures: [],
    clusterOnly: [],
  };
  for (const document of documents) {
    const { apiVersion, kind } = isRecord(document.value) ? document.value : {};
    switch (`${groupOf(apiVersion)}/${kind}`) {
      case "serving.knative.dev/Service":
        read(KnativeService, document, resources.knativeServices);
        break;
      case "networking.istio.io/VirtualService":
        read(VirtualService, document, resources.virtualServices);
        break;
      case "networking.istio.io/Gateway":
        read(Gateway, document, resources.gateways);
        break;
      case "networking.istio.io/DestinationRule":
        read(DestinationRule, document, resources.destinationRules);
        break;
      case "/Service":
        read(ExternalNameService, document, resources.externalNames);
        break;
      case "/Namespace":
        read(Namespace, document, resources.namespaces);
        break;
      case "/ServiceAccount":
        read(ServiceAccount, document, resources.serviceAccounts);
        break;
      case "/ConfigMap":
        read(ConfigFeatures, document, resources.configFeatures);
        break;
      default:
        problems.push(unreadable(document, options));
    }
  }
  for (const list of [
    resources.virtualServices,
    resources.gateways,
    resources.destinationRules,
    resources.configFeatures,
    resources.externalNames,
    resources.serviceAccounts,
  ])
    problems.push(...describedTwice(list));
  return { resources, problems };

  function read<S extends TSchema>(schema: S, document: ManifestDocument, into: Sourced<Static<S>>[]): void {
    const result = validate(schema, document, options);
    problems.push(...result.problems);
    if (result.value === undefined) return;
    into.push({ value: result.value, document });
    for (const path of clusterOnlyFields(schema, result.value)) {
      resources.clusterOnly.push({ file: document.file, path });
    }
  }
}

/** `serving.knative.dev` of `serving.knative.dev/v1`, empty for `v1`, undefined for what is no apiVersion. */
function groupOf(apiVersion: unknown): string | undefined {
  if (typeof apiVersion !== "string") return undefined;
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

function unreadable(document: ManifestDocument, { lenient }: ValidateOptions): Problem {
  const { value } = document;
  if (!isRecord(value))
    return problemAt("not-an-object", document, [], {
      message: "this is not a Kubernetes object",
      fix: "give apiVersion, kind and metadata",
    });
  const { apiVersion, kind } = value;
  if (kind === undefined)
    return problemAt("missing-field", document, [], {
      name: "kind",
      message: "kind is missing",
      fix: "add kind, a text",
    });
  if (typeof kind !== "string")
    return problemAt("wrong-type", document, ["kind"], { message: "this is no kind", fix: "write a text" });
  const versions = KINDS.filter(([, known]) => known === kind).map(([version]) => version);
  if (versions.length > 0) {
    const write = versions.join(" or ");
    if (apiVersion === undefined)
      return problemAt("missing-field", document, [], {
        name: "apiVersion",
        message: "apiVersion is missing",
        fix: `add ${write}`,
      });
    return problemAt("api-version", document, ["apiVersion"], {
      message: `${apiVersion} has no ${kind}`,
      fix: `write ${write}`,
    });
  }
  const near = nearest(
    kind,
    KINDS.map(([, known]) => known),
  );
  if (lenient && near === undefined)
    return problemAt("ignored-kind", document, ["kind"], {
      message: `${kind} is not known here, and passed over`,
    });
  return problemAt("unknown-kind", document, ["kind"], {
    message: `${kind} is not known here`,
    fix:
      near === undefined
        ? "keep what is for the cluster only outside the folders that the local mesh reads"
        : `did you mean ${near}?`,
    name: kind,
    near,
  });
}

/** Applied to a cluster, the second object of a name replaces the first. */
function* describedTwice(
  list: readonly Sourced<{ kind: string; metadata: { name: string; namespace?: string } }>[],
): Generator<Problem> {
  const first = new Map<string, ManifestDocument>();
  for (const { value, document } of list) {
    const { name, namespace = "default" } = value.metadata;
    const key = `${namespace}/${name}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, document);
    else {
      const message = `${value.kind} ${key} is described in ${other.file} already`;
      yield problemAt("described-twice", document, ["metadata", "name"], {
        message,
        fix: "keep one of the two",
      });
    }
  }
}
