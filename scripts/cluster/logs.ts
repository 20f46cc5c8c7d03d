import type { Kube } from "./kube/client.ts";
import { ApiError } from "./kube/api-error.ts";
import { podLogs } from "./kube/pod-logs.ts";
import { watch } from "./kube/watch.ts";
import { checked } from "./workload/follow.ts";
import { LivePod, POD, REVISION_LABEL, SERVICE_LABEL } from "./workload/objects.ts";

/** The container that runs a function; Knative names it so when the manifest does not. */
const CONTAINER = "user-container";

/** A line of a revision's log. */
export interface LogLine {
  revision: string;
  pod: string;
  text: string;
}

export interface LogsOptions {
  namespace: string;
  /** All services when undefined. */
  service: string | undefined;
  revision: string | undefined;
  /** How many lines of what was written before. */
  tail: number;
  /** Goes on, with pods that come later too, until the signal. */
  follow: boolean;
  signal: AbortSignal;
}

/** Hands on what the functions of a namespace write. Lines of one pod stay in order. */
export async function readLogs(
  kube: Kube,
  options: LogsOptions,
  onLine: (line: LogLine) => void,
): Promise<void> {
  const { namespace, service, revision, signal, follow } = options;
  const labels = [service === undefined ? SERVICE_LABEL : `${SERVICE_LABEL}=${service}`];
  if (revision !== undefined) labels.push(`${REVISION_LABEL}=${revision}`);
  const selected = { namespace, labelSelector: labels.join(",") };
  if (!follow) {
    const { items } = await kube.list(POD, { ...selected, signal });
    for (const pod of checked(LivePod, items)) await readPod(kube, pod, options, onLine);
    return;
  }
  const reading = new Map<string, Promise<void>>();
  await watch(kube, POD, { ...selected, signal }, (pods) => {
    for (const pod of checked(LivePod, [...pods.values()])) {
      const { name } = pod.metadata;
      if (reading.has(name) || !hasStarted(pod)) continue;
      reading.set(name, readPod(kube, pod, options, onLine));
    }
  });
  await Promise.all(reading.values());
}

/** The last lines of a container; those of its last run when it was started again since. None where there are none. */
export async function logTail(
  kube: Kube,
  { namespace, pod, container }: { namespace: string; pod: string; container: string },
): Promise<string[]> {
  for (const previous of [true, false]) {
    const lines: string[] = [];
    try {
      for await (const line of podLogs(kube, { namespace, pod, container, tail: 10, previous }))
        lines.push(line);
      if (lines.length > 0) return lines;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return [];
}

async function readPod(
  kube: Kube,
  pod: LivePod,
  options: LogsOptions,
  onLine: (line: LogLine) => void,
): Promise<void> {
  const { name, labels } = pod.metadata;
  const revision = labels?.[REVISION_LABEL] ?? name;
  const { namespace, tail, follow, signal } = options;
  try {
    const log = podLogs(kube, { namespace, pod: name, container: CONTAINER, tail, follow, signal });
    for await (const text of log) onLine({ revision, pod: name, text });
  } catch (error) {
    // A pod that is only starting, or gone meanwhile, has no log to read.
    if (!(error instanceof ApiError)) throw error;
  }
}

function hasStarted(pod: LivePod): boolean {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER);
  return status?.state?.running !== undefined || status?.state?.terminated !== undefined;
}
