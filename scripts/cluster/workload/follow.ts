import type { TSchema } from "typebox";
import type { Static } from "typebox";
import { Check } from "typebox/schema";
import type { Kube } from "../kube/client.ts";
import type { Kind, KubeObject } from "../kube/objects.ts";
import { watch } from "../kube/watch.ts";
import {
  KNATIVE_SERVICE,
  LivePod,
  LiveRevision,
  LiveService,
  POD,
  REVISION,
  SERVICE_LABEL,
} from "./objects.ts";
import { type ServiceView, workloadView } from "./view.ts";

/** Reads the state of a namespace once. */
export async function readWorkload(kube: Kube, namespace: string): Promise<ServiceView[]> {
  const [services, revisions, pods] = await Promise.all([
    kube.list(KNATIVE_SERVICE, { namespace }),
    kube.list(REVISION, { namespace }),
    kube.list(POD, { namespace, labelSelector: SERVICE_LABEL }),
  ]);
  return workloadView({
    services: checked(LiveService, services.items),
    revisions: checked(LiveRevision, revisions.items),
    pods: checked(LivePod, pods.items),
  });
}

/**
 * Follows the state of a namespace until the signal comes: calls back at the start, when all three kinds were listed,
 * and after each change.
 */
export async function followWorkload(
  kube: Kube,
  namespace: string,
  signal: AbortSignal,
  onView: (view: ServiceView[]) => void,
): Promise<void> {
  const seen: Partial<Record<"services" | "revisions" | "pods", KubeObject[]>> = {};
  const follow = (kind: Kind, as: keyof typeof seen, labelSelector?: string): Promise<void> =>
    watch(kube, kind, { namespace, labelSelector, signal }, (objects) => {
      seen[as] = [...objects.values()];
      const { services, revisions, pods } = seen;
      if (!services || !revisions || !pods) return;
      onView(
        workloadView({
          services: checked(LiveService, services),
          revisions: checked(LiveRevision, revisions),
          pods: checked(LivePod, pods),
        }),
      );
    });
  await Promise.all([
    follow(KNATIVE_SERVICE, "services"),
    follow(REVISION, "revisions"),
    follow(POD, "pods", SERVICE_LABEL),
  ]);
}

/** Those of the objects that are what their kind promises. */
export function checked<S extends TSchema>(schema: S, objects: readonly KubeObject[]): Static<S>[] {
  return objects.flatMap((object: unknown) => (Check(schema, object) ? [object] : []));
}
