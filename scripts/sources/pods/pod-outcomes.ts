import type { Outcome } from "../../traffic/engine.ts";
import { checked } from "../../cluster/workload/follow.ts";
import { KNATIVE_SERVICE, LivePod, POD, SERVICE_LABEL } from "../../cluster/workload/live-objects.ts";
import { type Forward, forwardPort } from "../../cluster/kube/port-forward.ts";
import { UserError } from "../../cluster/user-error.ts";
import { CALLS, Counters, REQUESTS, STARTED } from "../metrics/counters.ts";
import { readSamples, type Sample } from "../metrics/samples.ts";
import type { OutcomeQuery } from "../source.ts";

const EVERY_MS = 1_000;
// Longer than a pod takes to start, and a sidecar to let it through.
const SILENT_FOR_MS = 30_000;
const ANSWERS_WITHIN_MS = 5_000;
// Where every service of this project listens. (knative/*.yaml, containerPort)
const PORT = 8080;

/** A pod that is looked at. */
interface Watched {
  forward: Promise<Forward>;
  isNew: boolean;
}

/**
 * What becomes of a service's requests, by the metrics of the pods that call it: the caller sees also the answers that
 * no revision gave. Where nothing else runs in the namespace, by the metrics of the service's own pods. Each pod is asked
 * every second through a forwarded port, past its sidecar. What a pod counts in its last second is lost with it.
 * @throws UserError when pods are there and none of them can be asked
 */
export async function* podOutcomes(query: OutcomeQuery, signal: AbortSignal): AsyncGenerator<Outcome[]> {
  const { kube, namespace, service } = query;
  const services = await kube.list(KNATIVE_SERVICE, { namespace, signal });
  const isCalled = services.items.some(({ metadata }) => metadata.name !== service);
  const wanted = new Set([`${isCalled ? CALLS : REQUESTS}_bucket`, STARTED]);
  const watched = new Map<string, Watched>();
  const counters = new Counters();
  let heardAt = performance.now();
  try {
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const due = Bun.sleep(EVERY_MS);
      const pods = await runningPods();
      follow(pods, isFirst);
      const batches = await Promise.all([...watched].map(([uid, pod]) => look(uid, pod)));
      if (batches.some((batch) => batch !== undefined) || watched.size === 0) heardAt = performance.now();
      if (performance.now() - heardAt > SILENT_FOR_MS) throw new UserError(cannotHear(pods));
      const outcomes = batches.flatMap((batch) => batch ?? []);
      if (outcomes.length > 0) yield outcomes;
      await due;
    }
  } finally {
    for (const { forward } of watched.values())
      void forward.then((open) => open[Symbol.dispose]()).catch(() => {});
  }

  /** A pod that is ending still answers, and is asked until it is gone. */
  async function runningPods(): Promise<LivePod[]> {
    const { items } = await kube.list(POD, { namespace, labelSelector: SERVICE_LABEL, signal });
    return checked(LivePod, items).filter(
      ({ metadata, status }) =>
        status?.phase === "Running" && (metadata.labels?.[SERVICE_LABEL] === service) !== isCalled,
    );
  }

  function follow(pods: readonly LivePod[], isFirst: boolean): void {
    const uids = new Set(pods.map(uidOf));
    for (const [uid, { forward }] of watched) {
      if (uids.has(uid)) continue;
      watched.delete(uid);
      void forward.then((open) => open[Symbol.dispose]()).catch(() => {});
    }
    counters.keep(uids);
    for (const pod of pods) {
      if (watched.has(uidOf(pod))) continue;
      const forward = forwardPort({ kube, namespace, pod: pod.metadata.name, port: PORT });
      forward.catch(() => undefined);
      watched.set(uidOf(pod), { forward, isNew: !isFirst });
    }
  }

  /** What a pod counted since the last look; undefined when it does not answer, and the next look makes up for it. */
  async function look(uid: string, { forward, isNew }: Watched): Promise<Outcome[] | undefined> {
    const samples = await scrape(forward);
    return samples && counters.added(uid, samples.filter(isAboutService), isNew, Date.now());
  }

  /** A caller may call others too. */
  function isAboutService({ name, labels }: Sample): boolean {
    return name === STARTED || !isCalled || labels["upstream"] === service;
  }

  async function scrape(forward: Promise<Forward>): Promise<Sample[] | undefined> {
    try {
      const { url } = await forward;
      const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]);
      const response = await fetch(`${url}/metrics`, { signal: within });
      const page = await response.text();
      return response.ok ? readSamples(page, (name) => wanted.has(name)) : undefined;
    } catch {
      return undefined;
    }
  }

  function cannotHear(pods: readonly LivePod[]): string {
    const names = pods.map(({ metadata }) => metadata.name).join(", ");
    return `The metrics of ${names} cannot be read: that takes the right to create pods/portforward in ${namespace}. Or give a Prometheus that has them: --prometheus URL.`;
  }
}

function uidOf({ metadata }: LivePod): string {
  return metadata.uid ?? metadata.name;
}
