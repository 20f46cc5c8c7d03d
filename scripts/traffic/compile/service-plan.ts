import type { KnativeService } from "../../manifests/kinds/knative-service.ts";
import type { Position } from "../../manifests/problem.ts";

type RevisionTemplate = KnativeService["spec"]["template"];

/** A revision as described by a state of its Knative Service, or a Deployment behind a Kubernetes Service. */
export interface Revision {
  /** The revision's name in Knative, or the Deployment's. */
  name: string;
  namespace: string;
  /** The service that it belongs to. */
  service: string;
  template: RevisionTemplate;
  /** The replicas of a Deployment; undefined for a revision of Knative, which is scaled by load. */
  replicas?: number;
  at: Position;
}

/**
 * An entry of a traffic block, resolved to its current revision; or a name of a Deployment, with its share of the
 * Service's pods.
 */
export interface TrafficTarget {
  revision: string;
  /** For a Deployment: the subset or the Service that contains only its pods. */
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

/** A host of a Kubernetes Service, and the pods that answer there. */
export interface PodHost {
  /** The name of the Service. */
  name: string;
  ports: readonly number[];
  pods: readonly Pods[];
  at: Position;
}

/**
 * A Knative Service, or a Kubernetes Service with Deployments: its revisions, and the split between them where no
 * VirtualService decides.
 */
export interface ServicePlan {
  name: string;
  namespace: string;
  /** Whether it is served at the public gateway, or only within the cluster. */
  visibility: "public" | "cluster-local";
  /** In the order of their files. */
  revisions: Revision[];
  /** The percents sum to 100. */
  traffic: TrafficTarget[];
  /** The position of the traffic block, or of the Kubernetes Service. */
  at: Position;
  /**
   * The hosts of a Kubernetes Service: its own, and those of Services for some of its pods. Undefined for Knative's.
   */
  podHosts?: readonly PodHost[];
}

/** Returns the share of each revision in percent, without zero shares. The targets of one revision are added up. */
export function shares(traffic: readonly TrafficTarget[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { revision, percent } of traffic) {
    if (percent > 0) sums.set(revision, (sums.get(revision) ?? 0) + percent);
  }
  return sums;
}
