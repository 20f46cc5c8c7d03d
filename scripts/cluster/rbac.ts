/** A rule of a Role or ClusterRole, as RBAC has it. */
export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** The rights in a cluster that a part of this tool needs, by the namespaces in which it needs them. */
export interface Rights {
  /** In the namespace of the service. */
  own: readonly PolicyRule[];
  /** In each namespace that has a pod of the ingress gateway. */
  gateways: readonly PolicyRule[];
  /** In all namespaces. */
  everywhere: readonly PolicyRule[];
}

/** To look at the pods of a namespace. */
export const LIST_PODS: PolicyRule = { apiGroups: [""], resources: ["pods"], verbs: ["list"] };

/** The right to read a pod, and whether it is deleted. */
export const GET_PODS: PolicyRule = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };

/** To open a connection to a port of a pod. Some API servers check `get` for a WebSocket, others `create`. */
export const FORWARD_PORTS: PolicyRule = {
  apiGroups: [""],
  resources: ["pods/portforward"],
  verbs: ["get", "create"],
};
