import type { KubeObject } from "./kube/kube-object.ts";

/** The field manager of this tool, and the value of its label. */
export const MANAGER = "kyc";

/** The label of every object that this tool creates. */
export const MANAGED_BY = "app.kubernetes.io/managed-by";

/** Whether this tool has created an object. */
export function isManaged({ metadata }: KubeObject): boolean {
  return metadata.labels?.[MANAGED_BY] === MANAGER;
}
