/** What can decide the split of a service, by the name of its engine: a traffic block, or a VirtualService's weights. */
export const SPLIT_OWNERS = { knative: "Knative", istio: "Istio" } as const;

export type SplitOwner = (typeof SPLIT_OWNERS)[keyof typeof SPLIT_OWNERS];
