import type { RevisionState } from "../../traffic/split/split.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { readWorkload } from "../../cluster/workload/follow.ts";

/**
 * The revisions of a Knative Service, the oldest first. A revision is ready if Knative reports it; one without pods is
 * ready because its first request starts one. A pod that cannot start makes its revision unready before Knative reports it.
 */
export async function readRevisions(
  kube: Kube,
  namespace: string,
  service: string,
): Promise<RevisionState[]> {
  const view = (await readWorkload(kube, namespace)).find(({ name }) => name === service);
  return (view?.revisions ?? []).map(({ name, health, message }): RevisionState => {
    const ready = health === "ready" || health === "idle";
    return { name, ready, reason: ready ? undefined : (message ?? "Knative has not processed it yet") };
  });
}
