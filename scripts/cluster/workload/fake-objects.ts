import type { Kind, KubeObject } from "../kube/kube-object.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import type { Condition, ContainerStatus } from "./live-objects.ts";

const KINDS: readonly (Kind & { plural: string })[] = [
  { apiVersion: "serving.knative.dev/v1", kind: "Service", plural: "services" },
  { apiVersion: "serving.knative.dev/v1", kind: "Revision", plural: "revisions" },
  { apiVersion: "networking.istio.io/v1", kind: "VirtualService", plural: "virtualservices" },
  { apiVersion: "networking.istio.io/v1", kind: "Gateway", plural: "gateways" },
  { apiVersion: "networking.istio.io/v1", kind: "DestinationRule", plural: "destinationrules" },
  { apiVersion: "networking.istio.io/v1", kind: "ServiceEntry", plural: "serviceentries" },
  { apiVersion: "networking.istio.io/v1", kind: "Sidecar", plural: "sidecars" },
  { apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy", plural: "authorizationpolicies" },
  { apiVersion: "security.istio.io/v1", kind: "PeerAuthentication", plural: "peerauthentications" },
];

/** A cluster that knows Knative's and Istio's kinds. */
export function knativeCluster(...objects: readonly KubeObject[]): FakeCluster {
  const cluster = new FakeCluster();
  for (const kind of KINDS) cluster.know({ ...kind, namespaced: true });
  for (const object of objects) cluster.put(object);
  return cluster;
}

interface Readiness {
  /** @default true */
  ready?: boolean | "unknown";
  reason?: string;
  message?: string;
}

/** Returns a Knative Service as its controllers leave it. */
export function serviceObject(
  name: string,
  {
    latest,
    traffic = [],
    observed = true,
    labels = {},
    ...readiness
  }: Readiness & { latest?: string; traffic?: object[]; observed?: boolean; labels?: Record<string, string> },
): KubeObject {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name, namespace: "kyc", generation: 2, labels },
    spec: { traffic },
    status: {
      observedGeneration: observed ? 2 : 1,
      conditions: [readyCondition(readiness)],
      url: `http://${name}.kyc.example.com`,
      traffic,
      ...(latest === undefined ? {} : { latestCreatedRevisionName: latest, latestReadyRevisionName: latest }),
    },
  };
}

/** A revision of a Knative Service. */
export function revisionObject(service: string, name: string, readiness: Readiness = {}): KubeObject {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata: { name, namespace: "kyc", labels: { "serving.knative.dev/service": service } },
    spec: { containers: [{ image: `dev.local/kyc/${service}:1` }] },
    status: { conditions: [readyCondition(readiness)] },
  };
}

/** Returns a pod of a revision; `user` is the state of the function's container, by default running and ready. */
export function podObject(
  service: string,
  revision: string,
  {
    user = {},
    conditions = [],
    name = `${revision}-pod`,
  }: { user?: Partial<ContainerStatus>; conditions?: Condition[]; name?: string } = {},
): KubeObject {
  const running = { ready: true, restartCount: 0, state: { running: {} } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "kyc",
      labels: { "serving.knative.dev/service": service, "serving.knative.dev/revision": revision },
    },
    status: {
      phase: "Running",
      conditions,
      containerStatuses: [
        { name: "user-container", ...running, ...user },
        { name: "queue-proxy", ...running },
      ],
      initContainerStatuses: [{ name: "istio-proxy", ...running }],
    },
  };
}

/** A warning of Kubernetes about a pod. */
export function warningObject(pod: string, reason: string, message: string): KubeObject {
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${pod}.${reason}`, namespace: "kyc" },
    involvedObject: { kind: "Pod", name: pod },
    type: "Warning",
    reason,
    message,
    lastTimestamp: "2026-01-01T00:00:00Z",
  };
  return event;
}

/** The condition `Ready`, in one of its states. */
export function readyCondition({ ready = true, reason, message }: Readiness): Condition {
  return {
    type: "Ready",
    status: ready === "unknown" ? "Unknown" : ready ? "True" : "False",
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}
