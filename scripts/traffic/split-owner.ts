/** What can decide the split of a service, by the name of its engine: a traffic block, or a VirtualService's weights. */
export const SPLIT_OWNERS = { knative: "Knative", istio: "Istio" } as const;

/** What shares the requests of a Service between its Deployments where no VirtualService does: their replicas. */
export const BY_REPLICAS = "Kubernetes";

export type SplitOwner = (typeof SPLIT_OWNERS)[keyof typeof SPLIT_OWNERS] | typeof BY_REPLICAS;
