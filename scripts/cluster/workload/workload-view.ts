import type { ClusterEvent } from "../kube/events.ts";
import {
  type Condition,
  type ContainerStatus,
  type LivePod,
  type LiveRevision,
  type LiveService,
  REVISION_LABEL,
  SERVICE_LABEL,
} from "./live-objects.ts";

/** The state of a service, revision or pod. `waiting` may still become `ready` or `failed`. */
export type Health = "ready" | "waiting" | "failed" | "idle";

/** A Knative Service with its revisions and their pods, as `deploy` and `status` draw it. */
export interface ServiceView {
  name: string;
  namespace: string;
  url: string | undefined;
  health: Health;
  /** Why it is not ready. */
  message: string | undefined;
  /** The latest created revision; undefined until Knative has observed the latest generation. */
  latest: string | undefined;
  revisions: RevisionView[];
}

export interface RevisionView {
  name: string;
  image: string;
  health: Health;
  message: string | undefined;
  /** Percent and tags of the revision's traffic from Knative. */
  percent: number;
  tags: string[];
  pods: PodView[];
}

export interface PodView {
  name: string;
  health: Health;
  /** Ready containers of all, `2/3`; sidecars count. */
  containers: string;
  restarts: number;
  hasSidecar: boolean;
  /** Why the pod is not ready, if that will not resolve itself. */
  trouble: Trouble | undefined;
  /** The last warning about the pod while it is not ready, such as a failing probe or a missing volume. */
  warning: string | undefined;
}

export interface Trouble {
  container: string;
  reason: string;
  message: string;
  /** Whether the container ran and ended: its log may have the reason. */
  crashed: boolean;
}

/** The state of a namespace, from its objects. */
export interface WorkloadObjects {
  services: readonly LiveService[];
  revisions: readonly LiveRevision[];
  pods: readonly LivePod[];
  /** The latest last. */
  events?: readonly ClusterEvent[];
}

/** Joins the objects: services by name, revisions by age, pods by name. Terminating pods are left out. */
export function workloadView({ services, revisions, pods, events = [] }: WorkloadObjects): ServiceView[] {
  const views = pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    .map((pod) => ({ revision: pod.metadata.labels?.[REVISION_LABEL], view: podView(pod, events) }));
  return [...services]
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    .map((service) => {
      const { name, namespace = "default" } = service.metadata;
      const own = revisions.filter(({ metadata }) => metadata.labels?.[SERVICE_LABEL] === name).sort(byAge);
      return {
        name,
        namespace,
        url: service.status?.url,
        ...serviceHealth(service),
        latest: isObserved(service) ? service.status?.latestCreatedRevisionName : undefined,
        revisions: own.map((revision) =>
          revisionView(
            revision,
            service,
            views.filter((pod) => pod.revision === revision.metadata.name).map(({ view }) => view),
          ),
        ),
      };
    });
}

function revisionView(revision: LiveRevision, service: LiveService, pods: PodView[]): RevisionView {
  const { name } = revision.metadata;
  const targets = (service.status?.traffic ?? []).filter(({ revisionName }) => revisionName === name);
  const trouble = pods.find((pod) => pod.trouble !== undefined)?.trouble;
  const { health, message } = conditionHealth(revision.status?.conditions, "Ready");
  const idle = health === "ready" && pods.length === 0;
  return {
    name,
    image: revision.spec.containers[0]?.image ?? "",
    health: trouble ? "failed" : idle ? "idle" : health,
    message: trouble ? `${trouble.reason}: ${trouble.message}` : message,
    percent: targets.reduce((sum, { percent = 0 }) => sum + percent, 0),
    tags: targets.flatMap(({ tag }) => (tag === undefined ? [] : [tag])),
    pods,
  };
}

function serviceHealth(service: LiveService): { health: Health; message: string | undefined } {
  if (!isObserved(service)) {
    return { health: "waiting", message: "Knative has not processed the change yet" };
  }
  return conditionHealth(service.status?.conditions, "Ready");
}

/** Whether the status is of the current generation. */
function isObserved({ status, metadata }: LiveService): boolean {
  return status?.observedGeneration === metadata.generation;
}

function conditionHealth(
  conditions: readonly Condition[] | undefined,
  type: string,
): { health: Health; message: string | undefined } {
  const condition = conditions?.find((found) => found.type === type);
  if (condition?.status === "True") return { health: "ready", message: undefined };
  const message = condition?.message ?? condition?.reason;
  return { health: condition?.status === "False" ? "failed" : "waiting", message };
}

function podView(pod: LivePod, events: readonly ClusterEvent[]): PodView {
  const main = pod.status?.containerStatuses ?? [];
  const sidecars = (pod.status?.initContainerStatuses ?? []).filter(({ name }) => name === SIDECAR);
  const all = [...main, ...sidecars];
  const ready = all.filter((container) => container.ready).length;
  const trouble =
    [...(pod.status?.initContainerStatuses ?? []), ...main].flatMap(troubleOf)[0] ?? unschedulable(pod);
  const { name } = pod.metadata;
  const health = trouble ? "failed" : ready === all.length && all.length > 0 ? "ready" : "waiting";
  const warned = events.findLast(
    ({ about, type }) => type === "Warning" && about.kind === "Pod" && about.name === name,
  );
  return {
    name,
    health,
    containers: `${ready}/${all.length}`,
    restarts: all.reduce((sum, { restartCount }) => sum + restartCount, 0),
    hasSidecar: all.some(({ name }) => name === SIDECAR),
    trouble,
    warning: health === "waiting" ? warned?.message : undefined,
  };
}

const SIDECAR = "istio-proxy";

// The kubelet's reasons for containers that do not start until their configuration is changed.
const CANNOT_START = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

function troubleOf(container: ContainerStatus): Trouble[] {
  const { waiting, terminated } = container.state ?? {};
  if (waiting?.reason !== undefined && CANNOT_START.has(waiting.reason)) {
    const message = waiting.message ?? "the kubelet cannot start it";
    return [{ container: container.name, reason: waiting.reason, message, crashed: false }];
  }
  const keepsEnding = waiting?.reason === "CrashLoopBackOff";
  const ended = terminated ?? (keepsEnding ? container.lastState?.terminated : undefined);
  // An init container exits with 0. A service that exits with 0 again and again (CrashLoopBackOff) does not serve.
  if (!keepsEnding && (ended === undefined || ended.exitCode === 0)) return [];
  const how =
    ended?.reason === "OOMKilled"
      ? "it ran out of memory"
      : `it ended with code ${ended?.exitCode ?? "unknown"}`;
  return [{ container: container.name, reason: waiting?.reason ?? "Crashed", message: how, crashed: true }];
}

function unschedulable(pod: LivePod): Trouble | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status !== "False" || scheduled.reason !== "Unschedulable") return undefined;
  return {
    container: "",
    reason: "Unschedulable",
    message: scheduled.message ?? "no node can run it",
    crashed: false,
  };
}

function byAge(a: LiveRevision, b: LiveRevision): number {
  const [first, second] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
  return first.localeCompare(second) || a.metadata.name.localeCompare(b.metadata.name);
}
