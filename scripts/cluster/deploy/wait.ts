import type { Kube } from "../kube/client.ts";
import { followWorkload } from "../workload/follow.ts";
import type { ServiceView, Trouble } from "../workload/view.ts";

export interface Awaited {
  service: string;
  namespace: string;
  /** Any, when undefined: the service itself tells. */
  revision: string | undefined;
}

/** A revision will not become ready by itself. */
export class NotReady extends Error {
  readonly pod: string | undefined;
  readonly trouble: Trouble | undefined;
  constructor(message: string, pod?: string, trouble?: Trouble) {
    super(message);
    this.pod = pod;
    this.trouble = trouble;
  }
}

export interface WaitOptions {
  timeoutMs: number;
  signal: AbortSignal;
  /** Called with the namespace's state whenever it changes. */
  onView(view: ServiceView[]): void;
  /** How long trouble that the kubelet may still overcome is watched before it counts. @default 10000 */
  patienceMs?: number;
}

/**
 * Waits until a Knative Service is ready with what was just applied.
 * @throws NotReady as soon as it is clear that it will not become so, or at the timeout
 */
export async function untilReady(kube: Kube, awaited: Awaited, options: WaitOptions): Promise<void> {
  const { timeoutMs, onView, patienceMs = 10_000 } = options;
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  options.signal.addEventListener("abort", stop, { once: true });
  const { promise: verdict, resolve, reject } = Promise.withResolvers<void>();
  let last: ServiceView | undefined;
  let patience: Timer | undefined;
  const deadline = setTimeout(() => reject(new NotReady(tooLate(awaited, last, timeoutMs))), timeoutMs);
  const following = followWorkload(kube, awaited.namespace, controller.signal, (view) => {
    onView(view);
    last = view.find(({ name }) => name === awaited.service);
    if (last === undefined) return;
    if (isReady(last, awaited)) return resolve();
    const trouble = findTrouble(last, awaited);
    if (trouble?.trouble?.crashed) return reject(trouble);
    clearTimeout(patience);
    patience = trouble && setTimeout(() => reject(trouble), patienceMs);
  });
  following.catch(reject);
  try {
    await verdict;
  } finally {
    clearTimeout(deadline);
    clearTimeout(patience);
    stop();
    options.signal.removeEventListener("abort", stop);
    await following.catch(() => undefined);
  }
}

function isReady(service: ServiceView, { revision }: Awaited): boolean {
  const found =
    revision === undefined || service.revisions.some(({ name, health }) => name === revision && isUp(health));
  return service.health === "ready" && found;
}

function isUp(health: string): boolean {
  return health === "ready" || health === "idle";
}

function findTrouble(service: ServiceView, { revision }: Awaited): NotReady | undefined {
  for (const { name, pods } of service.revisions) {
    if (revision !== undefined && name !== revision) continue;
    const pod = pods.find(({ trouble }) => trouble !== undefined);
    if (pod?.trouble === undefined) continue;
    const where = pod.trouble.container === "" ? pod.name : `${pod.name}, container ${pod.trouble.container}`;
    return new NotReady(
      `${name}: ${pod.trouble.reason}: ${pod.trouble.message} (${where})`,
      pod.name,
      pod.trouble,
    );
  }
  return undefined;
}

function tooLate({ service, revision }: Awaited, last: ServiceView | undefined, timeoutMs: number): string {
  const found = last?.revisions.find(({ name }) => name === revision);
  const why = found?.message ?? last?.message ?? "Knative says nothing about why";
  return `${revision ?? service} was not ready after ${timeoutMs / 1000} s: ${why}`;
}
