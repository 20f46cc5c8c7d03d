import { didYouMean } from "../../nearest.ts";
import { ApiError } from "../kube/api-error.ts";
import type { Kube } from "../kube/client.ts";
import { podLogs } from "../kube/pod-logs.ts";
import { watch } from "../kube/watch.ts";
import { UsageError } from "../user-error.ts";
import { checked } from "./follow.ts";
import {
  type ContainerStatus,
  KNATIVE_SERVICE,
  LivePod,
  POD,
  REVISION,
  REVISION_LABEL,
  SERVICE_LABEL,
} from "./live-objects.ts";

/** The container of a service; Knative's default name. */
const CONTAINER = "user-container";

/** A line of a revision's log. */
export interface LogLine {
  revision: string;
  pod: string;
  text: string;
}

export interface LogsOptions {
  namespace: string;
  /** The service. @default all */
  service: string | undefined;
  revision: string | undefined;
  /** The number of earlier lines. */
  tail: number;
  /** The logs of the previous containers, which crashed. @default false */
  previous?: boolean;
  /** Continues, also with pods that start later, until the signal. */
  follow: boolean;
  signal: AbortSignal;
}

/**
 * Reads the logs of a namespace's services. Lines of one pod stay in order.
 * @returns how many pods were read
 * @throws UsageError for a service or a revision that does not exist; the message suggests a similar name
 */
export async function readLogs(
  kube: Kube,
  options: LogsOptions,
  onLine: (line: LogLine) => void,
): Promise<number> {
  const { namespace, service, revision, signal, follow } = options;
  await checkNames(kube, options);
  const labels = [service === undefined ? SERVICE_LABEL : `${SERVICE_LABEL}=${service}`];
  if (revision !== undefined) labels.push(`${REVISION_LABEL}=${revision}`);
  const selected = { namespace, labelSelector: labels.join(",") };
  if (follow) return followPods(kube, selected, options, onLine);
  const { items } = await kube.list(POD, { ...selected, signal });
  const pods = checked(LivePod, items);
  for (const pod of pods) await readPod(kube, pod, options, onLine);
  return pods.length;
}

/** Returns the last lines of a container's log, of its previous run if it was restarted; empty if there is no log. */
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
      // The original failure matters more than an unreadable log.
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return [];
}

async function checkNames(kube: Kube, { namespace, service, revision, signal }: LogsOptions): Promise<void> {
  for (const [kind, name] of [
    [KNATIVE_SERVICE, service],
    [REVISION, revision],
  ] as const) {
    if (name === undefined) continue;
    const { items } = await kube.list(kind, { namespace, signal });
    const known = items
      .filter(
        ({ metadata }) =>
          kind !== REVISION || service === undefined || metadata.labels?.[SERVICE_LABEL] === service,
      )
      .map(({ metadata }) => metadata.name);
    if (known.includes(name)) continue;
    const what = kind === REVISION ? "revision" : "Knative Service";
    const of = kind === REVISION && service !== undefined ? ` of ${service}` : "";
    throw new UsageError(`There is no ${what} ${name}${of} in ${namespace}: ${didYouMean(name, known)}`);
  }
}

async function followPods(
  kube: Kube,
  selected: { namespace: string; labelSelector: string },
  options: LogsOptions,
  onLine: (line: LogLine) => void,
): Promise<number> {
  // A failure of one log ends the others.
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const reading = new Map<string, Promise<void>>();
  const begun = new Set<string>();
  let failure: { error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    failed.abort();
  };
  await watch(kube, POD, { ...selected, signal }, (pods) => {
    for (const pod of checked(LivePod, [...pods.values()])) {
      const { name } = pod.metadata;
      const status = statusOf(pod);
      if (status?.state?.running === undefined && status?.state?.terminated === undefined) continue;
      // A restarted container has a new log, which is read after the end of the previous one.
      const run = `${name} ${status.restartCount}`;
      if (begun.has(run)) continue;
      begun.add(run);
      const before = reading.get(name) ?? Promise.resolve();
      const isFirst = !reading.has(name);
      const tail = isFirst ? options.tail : undefined;
      reading.set(
        name,
        before.then(() => readPod(kube, pod, { ...options, tail, signal }, onLine)).catch(fail),
      );
    }
  });
  await Promise.all(reading.values());
  if (failure !== undefined) throw failure.error;
  return reading.size;
}

async function readPod(
  kube: Kube,
  pod: LivePod,
  options: Omit<LogsOptions, "tail"> & { tail: number | undefined },
  onLine: (line: LogLine) => void,
): Promise<void> {
  const { name, labels } = pod.metadata;
  const revision = labels?.[REVISION_LABEL] ?? name;
  const { namespace, tail, follow, previous, signal } = options;
  try {
    const place = { namespace, pod: name, container: CONTAINER };
    for await (const text of podLogs(kube, { ...place, tail, follow, previous, signal }))
      onLine({ revision, pod: name, text });
  } catch (error) {
    // A pod that is starting, has no previous container, or is deleted has no log.
    if (!(error instanceof ApiError && (error.code === 400 || error.code === 404))) throw error;
  }
}

function statusOf(pod: LivePod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === CONTAINER);
}
