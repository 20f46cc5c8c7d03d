import type { KnativeService } from "../../manifests/kinds/knative-service.ts";
import type { Position } from "../../manifests/problem.ts";

type RevisionTemplate = KnativeService["spec"]["template"];

/** A revision as a state of its Knative Service describes it; or a Deployment behind a Kubernetes Service. */
export interface Revision {
  /** The name that Knative gives it, or the Deployment's. */
  name: string;
  namespace: string;
  /** The service it belongs to. */
  service: string;
  template: RevisionTemplate;
  /** Of a Deployment; undefined for a revision of Knative, which its load scales. */
  replicas?: number;
  at: Position;
}

/**
 * One entry of a traffic block, resolved to the revision that it means now; or a name of a Deployment, with its share of
 * the Service's pods.
 */
export interface TrafficTarget {
  revision: string;
  /** Of a Deployment: the subset or the Service whose pods are its own alone. */
  tag: string | undefined;
  percent: number;
  /** Whether the target follows the latest ready revision. */
  latest: boolean;
  at: Position;
}

/** The pods of a Deployment behind a Service. */
export interface Pods {
  /** `namespace/name` of the Deployment. */
  revision: string;
  labels: Readonly<Record<string, string>>;
  replicas: number;
}

/** A host of a Kubernetes Service, and who answers there. */
export interface PodHost {
  /** The name of the Service. */
  name: string;
  ports: readonly number[];
  pods: readonly Pods[];
  at: Position;
}

/**
 * A Knative Service, or a Kubernetes Service before Deployments: its revisions, and how traffic is split between them
 * where no VirtualService decides.
 */
export interface ServicePlan {
  name: string;
  namespace: string;
  /** Whether it is served on the public gateway, or to callers within the cluster only. */
  visibility: "public" | "cluster-local";
  /** In the order in which their files come. */
  revisions: Revision[];
  /** Percents sum to 100. */
  traffic: TrafficTarget[];
  /** The position of the traffic block, or of the Kubernetes Service. */
  at: Position;
  /** The hosts of a Kubernetes Service: its own, and those of Services for some of its pods. Undefined for Knative's. */
  podHosts?: readonly PodHost[];
}

/** The share of each revision in percent, zero shares left out; the same revision under two targets is summed. */
export function shares(traffic: readonly TrafficTarget[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { revision, percent } of traffic) {
    if (percent > 0) sums.set(revision, (sums.get(revision) ?? 0) + percent);
  }
  return sums;
}
