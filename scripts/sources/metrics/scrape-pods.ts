import type { Kube } from "../../cluster/kube/client.ts";
import { type Forward, forwardPort } from "../../cluster/kube/port-forward.ts";
import { UserError } from "../../cluster/user-error.ts";
import type { LivePod } from "../../cluster/workload/live-objects.ts";
import type { Outcome } from "../source.ts";
import type { CounterReader } from "./counters.ts";
import { readSamples, type Sample } from "./samples.ts";

/** The parts of a pod that are needed to read its metrics. */
export type PodObject = Pick<LivePod, "metadata">;

export interface ScrapeOptions {
  kube: Kube;
  /** Lists the pods to read now. A terminating pod still answers, and is read until it is deleted. */
  listPods(signal: AbortSignal): Promise<readonly PodObject[]>;
  /** The port and path of the metrics of a pod, past any sidecar. */
  port: number;
  path: string;
  counters: CounterReader;
  /** Labels that are added to the samples of a pod. @default none */
  labelsOf?(pod: PodObject): Readonly<Record<string, string>>;
  /** Advice that ends the message of an error. */
  advice: string;
}

const EVERY_MS = 1_000;
// Longer than the start of a pod and its sidecar.
const SILENT_FOR_MS = 30_000;
const ANSWERS_WITHIN_MS = 5_000;

/** An outcome is reported by the next look, and a look waits for its slowest pod. */
export const SCRAPE_LAG_MS = EVERY_MS + ANSWERS_WITHIN_MS;

/** A pod whose metrics are read. */
interface Watched {
  forward: Promise<Forward>;
  namespace: string;
  labels: Readonly<Record<string, string>>;
  /** The time of a look without this pod; undefined for pods of the first look. */
  beganAfterMs: number | undefined;
}

/**
 * Yields the outcomes of the requests that pods count in metrics of Prometheus' text format. Each pod is read every
 * second through a forwarded port; a reading without changes yields an empty batch. The counts of a pod's last second
 * are lost with it.
 * @throws UserError if there are pods and none of them can be read
 */
export async function* scrapePods(options: ScrapeOptions, signal: AbortSignal): AsyncGenerator<Outcome[]> {
  const { kube, counters, port, path, advice } = options;
  const watched = new Map<string, Watched>();
  let heardAt = performance.now();
  let lookedAtMs: number | undefined;
  try {
    while (!signal.aborted) {
      const due = Bun.sleep(EVERY_MS);
      const listedAtMs = Date.now();
      const pods = await options.listPods(signal);
      follow(pods, lookedAtMs);
      lookedAtMs = listedAtMs;
      const batches = await Promise.all([...watched].map(([uid, pod]) => look(uid, pod)));
      const isHeard = batches.some((batch) => batch !== undefined);
      if (isHeard || watched.size === 0) heardAt = performance.now();
      if (performance.now() - heardAt > SILENT_FOR_MS) throw new UserError(cannotAsk(pods));
      if (isHeard) yield batches.flatMap((batch) => batch ?? []);
      await due;
    }
  } finally {
    for (const { forward } of watched.values()) close(forward);
  }

  function follow(pods: readonly PodObject[], beganAfterMs: number | undefined): void {
    const uids = new Set(pods.map(uidOf));
    for (const [uid, { forward }] of watched) {
      if (uids.has(uid)) continue;
      watched.delete(uid);
      close(forward);
    }
    counters.keep(uids);
    for (const pod of pods) {
      if (watched.has(uidOf(pod))) continue;
      const { name, namespace = "default" } = pod.metadata;
      const forward = forwardPort({ kube, namespace, pod: name, port });
      forward.catch(() => undefined);
      const labels = options.labelsOf?.(pod) ?? {};
      watched.set(uidOf(pod), { forward, namespace, labels, beganAfterMs });
    }
  }

  /**
   * Returns the counts of a pod since the last reading; undefined if it does not answer, and then the next reading
   * has them.
   */
  async function look(
    uid: string,
    { forward, labels, beganAfterMs }: Watched,
  ): Promise<Outcome[] | undefined> {
    const fromMs = Date.now();
    const scraped = await scrape(forward);
    const samples = scraped?.map((sample) => ({ ...sample, labels: { ...sample.labels, ...labels } }));
    return samples && counters.added(uid, samples, { fromMs, atMs: Date.now(), beganAfterMs });
  }

  async function scrape(forward: Promise<Forward>): Promise<Sample[] | undefined> {
    try {
      const { url } = await forward;
      const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]);
      const response = await fetch(`${url}${path}`, { signal: within });
      const page = await response.text();
      return response.ok ? readSamples(page, (name) => counters.reads(name)) : undefined;
    } catch {
      return undefined;
    }
  }

  function cannotAsk(pods: readonly PodObject[]): string {
    const names = pods.map(({ metadata }) => metadata.name).join(", ");
    const namespaces = [...new Set([...watched.values()].map(({ namespace }) => namespace))].join(", ");
    return `The metrics of ${names} cannot be read: that takes the right to create pods/portforward in ${namespaces}. ${advice}`;
  }
}

function close(forward: Promise<Forward>): void {
  void forward.then((open) => open[Symbol.dispose]()).catch(() => {});
}

function uidOf({ metadata }: PodObject): string {
  return metadata.uid ?? metadata.name;
}

/** The number of pods that are tried to find out whether such pods have metrics. */
const ASKED = 3;
const PROBED_WITHIN_MS = 2_000;

/** Whether a pod answers soon with a page of metrics that passes a test. */
export async function anyPodAnswers(
  { kube, port, path }: Pick<ScrapeOptions, "kube" | "port" | "path">,
  pods: readonly PodObject[],
  isWanted: (page: string) => boolean,
): Promise<boolean> {
  const asked = pods.slice(0, ASKED).map(async ({ metadata: { name, namespace = "default" } }) => {
    const within = AbortSignal.timeout(PROBED_WITHIN_MS);
    try {
      using forward = await forwardPort({ kube, namespace, pod: name, port });
      const response = await fetch(`${forward.url}${path}`, { signal: within });
      return response.ok && isWanted(await response.text());
    } catch {
      return false;
    }
  });
  return (await Promise.all(asked)).includes(true);
}
