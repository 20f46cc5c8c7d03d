import Type, { type Static, type TSchema } from "typebox";
import type { ManifestDocument } from "../../manifests/document.ts";
import { ExternalNameService } from "../../manifests/kinds/core.ts";
import { DestinationRule } from "../../manifests/kinds/istio-destination-rule.ts";
import { Gateway } from "../../manifests/kinds/istio-gateway.ts";
import { VirtualService } from "../../manifests/kinds/istio-virtual-service.ts";
import { VISIBILITY_LABEL } from "../../manifests/kinds/knative-service.ts";
import type { Position, Problem } from "../../manifests/problem.ts";
import type { Sourced } from "../../manifests/resources.ts";
import { validate } from "../../manifests/validate.ts";
import { compileRoutes, type Plan } from "../../traffic/compile/compile.ts";
import type { KnativeServicePlan, Revision, TrafficTarget } from "../../traffic/compile/knative.ts";
import type { Kube } from "../kube/client.ts";
import { type Kind, KubeObject, nameOf, refOf } from "../kube/kube-object.ts";
import {
  KNATIVE_SERVICE,
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
}

const ServiceEntry = Type.Intersect([
  KubeObject,
  Type.Object({
    spec: Type.Object({
      hosts: Type.Array(Type.String()),
      endpoints: Type.Optional(Type.Array(Type.Object({ address: Type.Optional(Type.String()) }))),
    }),
  }),
]);
type LiveServiceEntry = Static<typeof ServiceEntry>;

const ISTIO = "networking.istio.io/v1";
// The label of VirtualServices that net-istio creates from Knative Services.
const KNATIVE_OWNED = "networking.internal.knative.dev/ingress";

/**
 * Compiles the objects of a namespace, as they are on the cluster, into a table of routes.
 * @param domain the domain of public Knative Services there
 */
export async function readLivePlan(kube: Kube, namespace: string, domain: string): Promise<LivePlan> {
  const list = async (kind: Kind): Promise<KubeObject[]> => (await kube.list(kind, { namespace })).items;
  const [services, revisions, virtualServices, gateways, destinationRules, entries, cores] =
    await Promise.all([
      list(KNATIVE_SERVICE),
      list(REVISION),
      list({ apiVersion: ISTIO, kind: "VirtualService" }),
      list({ apiVersion: ISTIO, kind: "Gateway" }),
      list({ apiVersion: ISTIO, kind: "DestinationRule" }),
      list({ apiVersion: ISTIO, kind: "ServiceEntry" }),
      list({ apiVersion: "v1", kind: "Service" }),
    ]);
  const problems: Problem[] = [];
  const live = checked(LiveRevision, revisions);
  const plans = checked(LiveService, services).map((service) => servicePlan(service, live));
  const own = virtualServices.filter(({ metadata }) => metadata.labels?.[KNATIVE_OWNED] === undefined);
  // Knative makes ExternalName Services too; theirs belong to a Knative Service.
  const names = cores.filter(
    (core) => isExternalName(core) && core.metadata.labels?.[SERVICE_LABEL] === undefined,
  );
  const compiled = compileRoutes(
    plans,
    {
      virtualServices: read(VirtualService, own, problems),
      gateways: read(Gateway, gateways, problems),
      destinationRules: read(DestinationRule, destinationRules, problems),
      externalNames: read(ExternalNameService, names, problems),
      configFeatures: [],
    },
    domain,
    checked(ServiceEntry, entries)
      .filter(isOwnSidecar)
      .flatMap(({ spec }) => spec.hosts),
  );
  return { plan: compiled.plan, problems: [...problems, ...compiled.problems] };
}

/** A ServiceEntry that leads every caller to its own sidecar, as in istio/strict. */
function isOwnSidecar({ spec }: LiveServiceEntry): boolean {
  const { endpoints = [] } = spec;
  return endpoints.length > 0 && endpoints.every(({ address }) => address === "127.0.0.1");
}

function servicePlan(service: LiveService, revisions: readonly LiveRevision[]): KnativeServicePlan {
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

function read<S extends TSchema>(
  schema: S,
  objects: readonly KubeObject[],
  problems: Problem[],
): Sourced<Static<S>>[] {
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

function isExternalName({ spec }: KubeObject): boolean {
  return typeof spec === "object" && spec !== null && "type" in spec && spec.type === "ExternalName";
}

/** Where a problem of a live object is: on the cluster, under its name. */
function positionOf(object: KubeObject): Position {
  return { file: `cluster: ${nameOf(refOf(object))}`, line: 1, column: 1 };
}
