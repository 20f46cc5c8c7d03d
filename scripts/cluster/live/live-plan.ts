import type { ManifestDocument } from "../../manifests/document.ts";
import { ownSidecarHosts } from "../../manifests/kinds/istio-service-entry.ts";
import { apiKind, isRead, type KindName, KINDS, type ObjectOf } from "../../manifests/kinds/registry.ts";
import { VISIBILITY_LABEL } from "../../manifests/kinds/knative-service.ts";
import type { Position, Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { validate } from "../../manifests/validate.ts";
import { compileRoutes, type Plan } from "../../traffic/compile/compile.ts";
import type { ServicePlan, Revision, TrafficTarget } from "../../traffic/compile/service-plan.ts";
import { type BucketRules, findBucketRules } from "../../traffic/split/find-bucket-rules.ts";
import type { Kube } from "../kube/client.ts";
import { type Kind, type KubeObject, nameOf, refOf } from "../kube/kube-object.ts";
import {
  INGRESS_LABEL,
  LiveRevision,
  LiveService,
  REVISION,
  SERVICE_LABEL,
} from "../workload/live-objects.ts";
import { checked } from "../workload/follow.ts";

/** The routes that the objects of a namespace define, and the problems found in them. */
export interface LivePlan {
  plan: Plan;
  problems: Problem[];
  /** The splits by buckets in the VirtualServices. */
  bucketSplits: BucketRules[];
}

/**
 * Compiles the live objects of a namespace into a table of routes.
 * @param domain the domain of public Knative Services there
 */
export async function readLivePlan(kube: Kube, namespace: string, domain: string): Promise<LivePlan> {
  const list = async (kind: Kind): Promise<KubeObject[]> => (await kube.list(kind, { namespace })).items;
  const listOf = (name: KindName): Promise<KubeObject[]> => list(apiKind(name));
  const [services, revisions, virtualServices, gateways, destinationRules, entries, cores] =
    await Promise.all([
      listOf("knativeServices"),
      list(REVISION),
      listOf("virtualServices"),
      listOf("gateways"),
      listOf("destinationRules"),
      listOf("serviceEntries"),
      listOf("externalNames"),
    ]);
  const problems: Problem[] = [];
  const live = checked(LiveRevision, revisions);
  const plans = checked(LiveService, services).map((service) => servicePlan(service, live));
  const own = virtualServices.filter(({ metadata }) => metadata.labels?.[INGRESS_LABEL] === undefined);
  // Knative makes ExternalName Services too; theirs belong to a Knative Service.
  const names = cores.filter(
    (core) => isRead("externalNames", { ...core }) && core.metadata.labels?.[SERVICE_LABEL] === undefined,
  );
  const sources = read("virtualServices", own, problems);
  const compiled = compileRoutes(
    plans,
    {
      virtualServices: sources,
      gateways: read("gateways", gateways, problems),
      destinationRules: read("destinationRules", destinationRules, problems),
      externalNames: read("externalNames", names, problems),
      configFeatures: [],
    },
    domain,
    entries.flatMap(ownSidecarHosts),
  );
  return {
    plan: compiled.plan,
    problems: [...problems, ...compiled.problems],
    bucketSplits: sources.flatMap(({ value }) => findBucketRules(value.spec.http) ?? []),
  };
}

function servicePlan(service: LiveService, revisions: readonly LiveRevision[]): ServicePlan {
  const { name, namespace = "default", labels } = service.metadata;
  const at = positionOf(service);
  const latest = service.status?.latestReadyRevisionName ?? "";
  const own = revisions.filter(({ metadata }) => metadata.labels?.[SERVICE_LABEL] === name);
  return {
    name,
    namespace,
    visibility: labels?.[VISIBILITY_LABEL] === "cluster-local" ? "cluster-local" : "public",
    revisions: own.map((revision): Revision => {
      const [container] = revision.spec.containers;
      const containers = [{ image: container?.image ?? "" }];
      return {
        name: revision.metadata.name,
        namespace,
        service: name,
        template: { spec: { containers } },
        at,
      };
    }),
    traffic: (service.spec.traffic ?? [{ latestRevision: true, percent: 100 }]).map(
      (target): TrafficTarget => {
        const { revisionName = latest, tag, percent = 0, latestRevision = false } = target;
        return { revision: revisionName, tag, percent, latest: latestRevision, at };
      },
    ),
    at,
  };
}

function read<K extends KindName>(
  name: K,
  objects: readonly KubeObject[],
  problems: Problem[],
): Sourced<ObjectOf<K>>[] {
  const schema: (typeof KINDS)[K]["schema"] = KINDS[name].schema;
  return objects.flatMap((object) => {
    const document = asDocument(object);
    const { value, problems: invalid } = validate(schema, document);
    problems.push(...invalid);
    return value === undefined ? [] : [{ value, document }];
  });
}

/** An object as a user would write it, without the fields that the cluster adds. */
function asDocument(object: KubeObject): ManifestDocument {
  const { apiVersion, kind, metadata, spec } = object;
  const { name, namespace, labels, annotations } = metadata;
  const written = Object.fromEntries(
    Object.entries({ name, namespace, labels, annotations }).filter(([, value]) => value !== undefined),
  );
  const at = positionOf(object);
  const value = {
    apiVersion,
    kind,
    metadata: written,
    spec: kind === "Service" ? externalNameOnly(spec) : spec,
  };
  return { file: at.file, value, at: () => at, atKey: () => at };
}

// The API server sets defaults in the other fields.
function externalNameOnly(spec: unknown): unknown {
  const { type, externalName } = (spec ?? {}) as Record<string, unknown>;
  return { type, externalName };
}

/** Returns the position of a problem in a live object: the cluster, and the object's name. */
function positionOf(object: KubeObject): Position {
  return { file: `cluster: ${nameOf(refOf(object))}`, line: 1, column: 1 };
}
