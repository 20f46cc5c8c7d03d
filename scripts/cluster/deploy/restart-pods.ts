import type { Kube } from "../kube/client.ts";
import { checked } from "../workload/follow.ts";
import { LivePod, POD, REVISION_LABEL, SERVICE_LABEL } from "../workload/live-objects.ts";

export interface RenewOptions {
  signal: AbortSignal;
  timeoutMs: number;
  /** Waits between two looks. @default Bun.sleep */
  pause?: (ms: number) => Promise<void>;
}

const PAUSE_MS = 300;

/**
 * Restarts the pods of all Knative Services of a namespace, and waits until each revision has a new one that is
 * ready. Knative's activator determines once, when a pod appears, whether it can call it by its address or must use
 * its Service, where Istio applies mTLS (serving, pkg/activator/net/revision_backends.go). Pods from before a change
 * to STRICT would be called in plain text, and refuse, until they end.
 * @returns the number of restarted pods
 */
export async function renewPods(kube: Kube, namespace: string, options: RenewOptions): Promise<number> {
  const { signal, timeoutMs, pause = Bun.sleep } = options;
  const before = await livePods(kube, namespace);
  const old = new Set(before.map(({ metadata }) => metadata.name));
  for (const { metadata } of before) await kube.delete({ ...POD, namespace, name: metadata.name });
  const revisions = new Set(before.map(revisionOf));
  const end = performance.now() + timeoutMs;
  while (revisions.size > 0 && performance.now() < end) {
    signal.throwIfAborted();
    await pause(PAUSE_MS);
    for (const pod of await livePods(kube, namespace)) {
      if (!old.has(pod.metadata.name) && isReady(pod)) revisions.delete(revisionOf(pod));
    }
  }
  return before.length;
}

async function livePods(kube: Kube, namespace: string): Promise<LivePod[]> {
  const { items } = await kube.list(POD, { namespace, labelSelector: SERVICE_LABEL });
  return checked(LivePod, items).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

function revisionOf({ metadata }: LivePod): string {
  return metadata.labels?.[REVISION_LABEL] ?? "";
}

function isReady({ status }: LivePod): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}
