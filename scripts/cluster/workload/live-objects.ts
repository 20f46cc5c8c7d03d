import Type, { type Static } from "typebox";
import { Container } from "../../manifests/kinds/knative-container.ts";
import { TrafficTarget } from "../../manifests/kinds/knative-service.ts";
import { apiKind } from "../../manifests/kinds/registry.ts";
import { liveFields } from "../../schema/live.ts";
import { KubeObject } from "../kube/kube-object.ts";

/** A status condition of a Knative or Kubernetes object. */
export const Condition = Type.Object({
  type: Type.String(),
  status: Type.String(),
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  severity: Type.Optional(Type.String()),
});
export type Condition = Static<typeof Condition>;

const Target = liveFields(TrafficTarget, "revisionName", "latestRevision", "tag", "percent");
const RoutedTarget = Type.Object({ ...Target.properties, url: Type.Optional(Type.String()) });

/** A Knative Service as the cluster has it, as far as is read here. */
export const LiveService = Type.Intersect([
  KubeObject,
  Type.Object({
    spec: Type.Object({ traffic: Type.Optional(Type.Array(Target)) }),
    status: Type.Optional(
      Type.Object({
        observedGeneration: Type.Optional(Type.Integer()),
        conditions: Type.Optional(Type.Array(Condition)),
        latestCreatedRevisionName: Type.Optional(Type.String()),
        latestReadyRevisionName: Type.Optional(Type.String()),
        url: Type.Optional(Type.String()),
        traffic: Type.Optional(Type.Array(RoutedTarget)),
      }),
    ),
  }),
]);
export type LiveService = Static<typeof LiveService>;

/** A Knative Revision. */
export const LiveRevision = Type.Intersect([
  KubeObject,
  Type.Object({
    spec: Type.Object({ containers: Type.Array(liveFields(Container, "image"), { minItems: 1 }) }),
    status: Type.Optional(
      Type.Object({
        conditions: Type.Optional(Type.Array(Condition)),
        actualReplicas: Type.Optional(Type.Integer()),
        desiredReplicas: Type.Optional(Type.Integer()),
      }),
    ),
  }),
]);
export type LiveRevision = Static<typeof LiveRevision>;

const Stopped = Type.Object({
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  exitCode: Type.Optional(Type.Integer()),
});

const ContainerStatus = Type.Object({
  name: Type.String(),
  ready: Type.Boolean(),
  restartCount: Type.Integer(),
  state: Type.Optional(
    Type.Object({
      waiting: Type.Optional(
        Type.Object({ reason: Type.Optional(Type.String()), message: Type.Optional(Type.String()) }),
      ),
      running: Type.Optional(Type.Object({})),
      terminated: Type.Optional(Stopped),
    }),
  ),
  lastState: Type.Optional(Type.Object({ terminated: Type.Optional(Stopped) })),
});
export type ContainerStatus = Static<typeof ContainerStatus>;

/** A Pod. */
export const LivePod = Type.Intersect([
  KubeObject,
  Type.Object({
    status: Type.Optional(
      Type.Object({
        phase: Type.Optional(Type.String()),
        podIP: Type.Optional(Type.String()),
        conditions: Type.Optional(Type.Array(Condition)),
        containerStatuses: Type.Optional(Type.Array(ContainerStatus)),
        initContainerStatuses: Type.Optional(Type.Array(ContainerStatus)),
      }),
    ),
  }),
]);
export type LivePod = Static<typeof LivePod>;

export const KNATIVE_SERVICE = apiKind("knativeServices");
export const REVISION = { apiVersion: "serving.knative.dev/v1", kind: "Revision" } as const;
export const POD = { apiVersion: "v1", kind: "Pod" } as const;
export const EVENT = { apiVersion: "v1", kind: "Event" } as const;

/** The labels of pods and revisions that name their service and revision. */
export const SERVICE_LABEL = "serving.knative.dev/service";
export const REVISION_LABEL = "serving.knative.dev/revision";

/** The label that net-istio sets on its VirtualServices: the name of the Knative Service's Ingress. */
export const INGRESS_LABEL = "networking.internal.knative.dev/ingress";
