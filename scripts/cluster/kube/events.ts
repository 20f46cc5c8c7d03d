import Type, { type Static } from "typebox";
import type { Kube } from "./client.ts";
import { type KubeObject, nameOf, type ObjectRef, parse, refOf } from "./kube-object.ts";
import type { RequestOptions } from "./request-options.ts";

export interface EventsOptions extends RequestOptions {
  namespace: string;
  /** Only those about an object of this kind, of this name, or both. */
  about?: Partial<Pick<ObjectRef, "kind" | "name">> | undefined;
}

/** A Kubernetes event about an object, such as that its image cannot be pulled. */
export interface ClusterEvent {
  about: { kind: string; name: string };
  /** `Normal`, or `Warning`. */
  type: string;
  /** The machine-readable reason, such as `FailedScheduling`. */
  reason: string;
  message: string;
  /** The number of occurrences. */
  count: number;
  /** The last occurrence, in RFC 3339. */
  lastAt: string;
}

// Go's zero values are null. Which of the times is set depends on the event's source.
const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const Count = Type.Optional(Type.Integer());
const Series = Type.Object({ count: Count, lastObservedTime: Text });
const Event = Type.Object({
  metadata: Type.Object({ creationTimestamp: Text }),
  involvedObject: Type.Object({ kind: Text, name: Text }),
  type: Text,
  reason: Text,
  message: Text,
  count: Count,
  series: Type.Optional(Type.Union([Series, Type.Null()])),
  lastTimestamp: Text,
  eventTime: Text,
});

/** A namespace's events, the latest last. Kubernetes keeps them for an hour. */
export async function events(
  kube: Kube,
  { namespace, about, signal }: EventsOptions,
): Promise<ClusterEvent[]> {
  const selectors: string[] = [];
  if (about?.kind !== undefined) selectors.push(`involvedObject.kind=${about.kind}`);
  if (about?.name !== undefined) selectors.push(`involvedObject.name=${about.name}`);
  const fieldSelector = selectors.length === 0 ? undefined : selectors.join(",");
  const { items } = await kube.list(
    { apiVersion: "v1", kind: "Event" },
    { namespace, fieldSelector, signal },
  );
  return eventsOf(items);
}

/** Events as they were listed, or are watched, the latest last. */
export function eventsOf(items: readonly KubeObject[]): ClusterEvent[] {
  const found = items.map((item) => clusterEvent(parse(Event, item, nameOf(refOf(item)))));
  return found.sort((a, b) => (Date.parse(a.lastAt) || 0) - (Date.parse(b.lastAt) || 0));
}

function clusterEvent(event: Static<typeof Event>): ClusterEvent {
  const { involvedObject, type, reason, message, series, count, lastTimestamp, eventTime, metadata } = event;
  return {
    about: { kind: involvedObject.kind ?? "", name: involvedObject.name ?? "" },
    type: type ?? "",
    reason: reason ?? "",
    message: message ?? "",
    count: series?.count ?? count ?? 1,
    lastAt: series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "",
  };
}
