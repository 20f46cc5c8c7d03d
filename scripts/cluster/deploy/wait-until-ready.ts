import type { Kube } from "../kube/client.ts";
import { followWorkload } from "../workload/follow.ts";
import type { PodView, RevisionView, ServiceView } from "../workload/workload-view.ts";

export interface Awaited {
  service: string;
  namespace: string;
  /** The revision. @default the latest of the service */
  revision: string | undefined;
}

/** The container whose log may say why a revision is not ready. */
export interface LogPlace {
  pod: string;
  container: string;
}

/** A revision is not ready, and will not become ready without a change. */
export class NotReady extends Error {
  readonly place: LogPlace | undefined;
  constructor(message: string, place?: LogPlace) {
    super(message);
    this.place = place;
  }
}

export interface WaitOptions {
  timeoutMs: number;
  signal: AbortSignal;
  /** Called with the namespace's state whenever it changes. */
  onView(view: ServiceView[]): void;
  /** How long a problem that may resolve itself is tolerated, in milliseconds. @default 10000 */
  patienceMs?: number;
}

/**
 * Waits until a Knative Service is ready with the applied change. A crash counts at once; a problem that may resolve
 * itself, such as an image that cannot be pulled, counts after a while.
 * @throws NotReady as soon as it is clear that it will not become ready, or at the timeout
 * @throws the signal's reason
 */
export async function untilReady(kube: Kube, awaited: Awaited, options: WaitOptions): Promise<void> {
  const { timeoutMs, signal, onView, patienceMs = 10_000 } = options;
  signal.throwIfAborted();
  const controller = new AbortController();
  const { promise: verdict, resolve, reject } = Promise.withResolvers<void>();
  const callOff = (): void => reject(signal.reason);
  signal.addEventListener("abort", callOff, { once: true });
  let last: ServiceView | undefined;
  let trouble: Trouble | undefined;
  let patience: Timer | undefined;
  const deadline = setTimeout(() => reject(tooLate(awaited, last, timeoutMs)), timeoutMs);
  const following = followWorkload(kube, awaited.namespace, controller.signal, (view) => {
    onView(view);
    last = view.find(({ name }) => name === awaited.service);
    if (last === undefined) return;
    if (isReady(last, awaited)) return resolve();
    trouble = troubleOf(last, awaited);
    if (trouble?.isFinal) return reject(trouble.why);
    if (trouble === undefined) {
      clearTimeout(patience);
      patience = undefined;
    } else {
      // The reason may alternate, such as between ErrImagePull and ImagePullBackOff.
      patience ??= setTimeout(() => reject(trouble?.why), patienceMs);
    }
  });
  following.catch(reject);
  try {
    await verdict;
  } finally {
    clearTimeout(deadline);
    clearTimeout(patience);
    signal.removeEventListener("abort", callOff);
    controller.abort();
    await following.catch(() => undefined);
  }
}

interface Trouble {
  why: NotReady;
  /** Whether it cannot pass. */
  isFinal: boolean;
}

function isReady(service: ServiceView, awaited: Awaited): boolean {
  if (service.health !== "ready") return false;
  const found = revisionOf(service, awaited);
  return awaited.revision === undefined || found?.health === "ready" || found?.health === "idle";
}

function revisionOf({ revisions, latest }: ServiceView, { revision }: Awaited): RevisionView | undefined {
  const wanted = revision ?? latest;
  return revisions.find(({ name }) => name === wanted);
}

function troubleOf(service: ServiceView, awaited: Awaited): Trouble | undefined {
  const revision = revisionOf(service, awaited);
  const pod = revision?.pods.find(({ trouble }) => trouble !== undefined);
  if (revision !== undefined && pod?.trouble !== undefined) {
    const { container, reason, message, crashed } = pod.trouble;
    const where = container === "" ? pod.name : `${pod.name}, container ${container}`;
    const place = container === "" ? undefined : { pod: pod.name, container };
    const why = new NotReady(`${revision.name}: ${reason}: ${message} (${where})`, place);
    return { why, isFinal: crashed };
  }
  // Without a pod, Knative's own condition counts, for example for an image whose digest cannot be resolved.
  const failed = [revision, service].find((each) => each?.health === "failed");
  if (failed === undefined) return undefined;
  const why = new NotReady(`${failed.name}: ${failed.message ?? SILENCE}`, logPlace(revision?.pods[0]));
  return { why, isFinal: false };
}

const SILENCE = "Knative gives no reason";
const FUNCTION_CONTAINER = "user-container";

function tooLate(awaited: Awaited, service: ServiceView | undefined, timeoutMs: number): NotReady {
  const revision = service && revisionOf(service, awaited);
  const pod = revision?.pods.find(({ health }) => health !== "ready");
  const warning = pod?.warning === undefined ? undefined : `${pod.name}: ${pod.warning}`;
  const why =
    service === undefined
      ? `there is no Knative Service ${awaited.service} in ${awaited.namespace}`
      : (warning ?? revision?.message ?? service.message ?? SILENCE);
  const what = awaited.revision ?? revision?.name ?? awaited.service;
  return new NotReady(`${what} was not ready after ${timeoutMs / 1000} s: ${why}`, logPlace(pod));
}

function logPlace(pod: PodView | undefined): LogPlace | undefined {
  return pod && { pod: pod.name, container: FUNCTION_CONTAINER };
}
