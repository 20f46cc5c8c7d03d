/**
 * The possible owners of a service's split, by the name of its engine: a traffic block, or a VirtualService's
 * weights.
 */
export const SPLIT_OWNERS = { knative: "Knative", istio: "Istio" } as const;

/** The owner of the split between a Service's Deployments without a VirtualService: their replicas. */
export const BY_REPLICAS = "Kubernetes";

export type SplitOwner = (typeof SPLIT_OWNERS)[keyof typeof SPLIT_OWNERS] | typeof BY_REPLICAS;
