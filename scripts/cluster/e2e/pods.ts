import { checked } from "../workload/follow.ts";
import { LivePod, POD, REVISION_LABEL, SERVICE_LABEL } from "../workload/live-objects.ts";
import type { Stage } from "./scenario.ts";

/** The names of the pods of all services, or of one revision; those that are ending are left out. */
export async function podsOf({ kube, namespace }: Stage, revision?: string): Promise<string[]> {
  const labelSelector = revision === undefined ? SERVICE_LABEL : `${REVISION_LABEL}=${revision}`;
  const { items } = await kube.list(POD, { namespace, labelSelector });
  return checked(LivePod, items)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}
