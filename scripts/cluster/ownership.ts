import type { KubeObject } from "./kube/kube-object.ts";

/** The field manager of what this tool sets, and the value of the label of all that it has made. */
export const MANAGER = "kyc";

/** The label of everything that this tool has made. */
export const MANAGED_BY = "app.kubernetes.io/managed-by";

/** Whether this tool has made an object. */
export function isManaged({ metadata }: KubeObject): boolean {
  return metadata.labels?.[MANAGED_BY] === MANAGER;
}
