import type { RevisionState } from "../../traffic/split/split.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { readWorkload } from "../../cluster/workload/follow.ts";

/**
 * The revisions of a Knative Service, the oldest first. A revision is ready when Knative says so; one without pods is,
 * because its first request starts one. A pod that cannot start makes its revision not ready, before Knative says so.
 */
export async function readRevisions(
  kube: Kube,
  namespace: string,
  service: string,
): Promise<RevisionState[]> {
  const view = (await readWorkload(kube, namespace)).find(({ name }) => name === service);
  return (view?.revisions ?? []).map(({ name, health, message }): RevisionState => {
    const ready = health === "ready" || health === "idle";
    return { name, ready, reason: ready ? undefined : (message ?? "Knative has not looked at it yet") };
  });
}
