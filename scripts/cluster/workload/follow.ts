import type { TSchema } from "typebox";
import type { Static } from "typebox";
import { Check } from "typebox/schema";
import { ApiError } from "../kube/api-error.ts";
import type { Kube } from "../kube/client.ts";
import { eventsOf } from "../kube/events.ts";
import type { Kind, KubeObject } from "../kube/kube-object.ts";
import { watch } from "../kube/watch.ts";
import {
  EVENT,
  KNATIVE_SERVICE,
  LivePod,
  LiveRevision,
  LiveService,
  POD,
  REVISION,
  SERVICE_LABEL,
} from "./live-objects.ts";
import { type ServiceView, workloadView } from "./workload-view.ts";

/** The objects of a namespace that its state is made of. */
interface Objects {
  services: KubeObject[];
  revisions: KubeObject[];
  pods: KubeObject[];
  events: KubeObject[];
}

const WARNINGS = { fieldSelector: "type=Warning" };

/** Reads the state of a namespace once. */
export async function readWorkload(kube: Kube, namespace: string): Promise<ServiceView[]> {
  const [services, revisions, pods, events] = await Promise.all([
    kube.list(KNATIVE_SERVICE, { namespace }),
    kube.list(REVISION, { namespace }),
    kube.list(POD, { namespace, labelSelector: SERVICE_LABEL }),
    kube.list(EVENT, { namespace, ...WARNINGS }).catch(noneIfForbidden),
  ]);
  return viewOf({
    services: services.items,
    revisions: revisions.items,
    pods: pods.items,
    events: events.items,
  });
}

/**
 * Follows the state of a namespace until the signal is aborted: calls back after all kinds were listed, and after
 * each change.
 */
export async function followWorkload(
  kube: Kube,
  namespace: string,
  signal: AbortSignal,
  onView: (view: ServiceView[]) => void,
): Promise<void> {
  // One that fails ends the others.
  const controller = new AbortController();
  const until = AbortSignal.any([signal, controller.signal]);
  const seen: Partial<Objects> = {};
  const changed = (as: keyof Objects, objects: KubeObject[]): void => {
    seen[as] = objects;
    const { services, revisions, pods, events } = seen;
    if (services && revisions && pods && events) onView(viewOf({ services, revisions, pods, events }));
  };
  const follow = (kind: Kind, as: keyof Objects, selector: Record<string, string> = {}): Promise<void> =>
    watch(kube, kind, { namespace, ...selector, signal: until }, (objects) =>
      changed(as, [...objects.values()]),
    );
  try {
    await Promise.all([
      follow(KNATIVE_SERVICE, "services"),
      follow(REVISION, "revisions"),
      follow(POD, "pods", { labelSelector: SERVICE_LABEL }),
      follow(EVENT, "events", WARNINGS).catch((error: unknown) =>
        changed("events", noneIfForbidden(error).items),
      ),
    ]);
  } finally {
    controller.abort();
  }
}

function viewOf({ services, revisions, pods, events }: Objects): ServiceView[] {
  return workloadView({
    services: checked(LiveService, services),
    revisions: checked(LiveRevision, revisions),
    pods: checked(LivePod, pods),
    events: eventsOf(events),
  });
}

/** Without the right to read events, everything else is still shown. */
function noneIfForbidden(error: unknown): { items: KubeObject[] } {
  if (error instanceof ApiError && error.code === 403) return { items: [] };
  throw error;
}

/** The objects that match the schema. */
export function checked<S extends TSchema>(schema: S, objects: readonly KubeObject[]): Static<S>[] {
  return objects.flatMap((object: unknown) => (Check(schema, object) ? [object] : []));
}
