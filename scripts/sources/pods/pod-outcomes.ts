import type { Kube } from "../../cluster/kube/client.ts";
import { pause } from "../../cluster/kube/pause.ts";
import { FORWARD_PORTS, GET_PODS, LIST_PODS } from "../../cluster/rbac.ts";
import { checked } from "../../cluster/workload/follow.ts";
import { KNATIVE_SERVICE, LivePod, POD, SERVICE_LABEL } from "../../cluster/workload/live-objects.ts";
import { Counters } from "../metrics/counters.ts";
import { CALLS, callsOf, REQUESTS, REQUESTS_OF_SERVICE } from "../metrics/http-histograms.ts";
import { anyPodAnswers, SCRAPE_LAG_MS, scrapePods } from "../metrics/scrape-pods.ts";
import { queueProxySource } from "../queue-proxy/queue-proxy-outcomes.ts";
import type { Outcome, OutcomeSource } from "../source.ts";

import { Attribution, WAIT_MS } from "./attribution.ts";

export interface PodSourceOptions {
  kube: Kube;
  namespace: string;
  /** The Knative Service. */
  service: string;
}

// The port of every service of this project. (knative/*.yaml, containerPort)
const METRICS = { port: 8080, path: "/metrics" };

/** The outcomes of a service, from the metrics of pods in its namespace. */
export function podSource(options: PodSourceOptions): OutcomeSource {
  return {
    name: "pods",
    place: `the pods of namespace ${options.namespace}`,
    lagMs: SCRAPE_LAG_MS + WAIT_MS,
    outcomes: (signal) => podOutcomes(options, signal),
    rights: { own: [LIST_PODS, GET_PODS, FORWARD_PORTS], gateways: [], everywhere: [] },
  };
}

/** Whether pods that would be read export this project's metrics. */
export async function hasPodMetrics(options: PodSourceOptions): Promise<boolean> {
  const { kube } = options;
  const isCalled = await hasCallers(options);
  const wanted = `# TYPE ${isCalled ? CALLS : REQUESTS} `;
  const pods = await runningPods(options, isCalled);
  return anyPodAnswers({ kube, ...METRICS }, pods, (page) => page.includes(wanted));
}

/**
 * Yields the outcomes that the callers of the service count: a caller also sees responses that no revision gave. If a
 * caller has no answer, the queue-proxies identify the revision, if they can be read. If nothing else runs in the
 * namespace, yields the outcomes that the service's own pods count.
 */
async function* podOutcomes(options: PodSourceOptions, signal: AbortSignal): AsyncGenerator<Outcome[]> {
  const { kube, service } = options;
  const isCalled = await hasCallers(options, signal);
  const outcomes = scrapePods(
    {
      kube,
      ...METRICS,
      counters: new Counters(isCalled ? callsOf(service) : REQUESTS_OF_SERVICE),
      listPods: (until) => runningPods(options, isCalled, until),
      advice: "Or give a Prometheus that has them: --prometheus URL.",
    },
    signal,
  );
  if (!isCalled) return yield* outcomes;
  const attribution = new Attribution();
  const end = new AbortController();
  const reading = readQueueProxies(options, attribution, AbortSignal.any([signal, end.signal]));
  try {
    for await (const batch of outcomes) yield attribution.callers(batch, Date.now());
  } finally {
    end.abort();
    await reading;
  }
}

const READ_AGAIN_MS = 10_000;

/**
 * Reads the queue-proxies of the service until the signal is aborted. If they export no metrics, revisions stay
 * unknown.
 */
async function readQueueProxies(
  { kube, namespace, service }: PodSourceOptions,
  attribution: Attribution,
  signal: AbortSignal,
): Promise<void> {
  const source = queueProxySource({ kube, namespace, service });
  while (!signal.aborted) {
    try {
      for await (const batch of source.outcomes(signal)) attribution.pods(batch, Date.now());
    } catch {
      // Without them only the callers' own outcomes are available.
    }
    if (!signal.aborted) await pause(READ_AGAIN_MS, signal);
  }
}

async function hasCallers(
  { kube, namespace, service }: PodSourceOptions,
  signal?: AbortSignal,
): Promise<boolean> {
  const { items } = await kube.list(KNATIVE_SERVICE, { namespace, signal });
  return items.some(({ metadata }) => metadata.name !== service);
}

async function runningPods(
  { kube, namespace, service }: PodSourceOptions,
  isCalled: boolean,
  signal?: AbortSignal,
): Promise<LivePod[]> {
  const { items } = await kube.list(POD, { namespace, labelSelector: SERVICE_LABEL, signal });
  return checked(LivePod, items).filter(
    ({ metadata, status }) =>
      status?.phase === "Running" && (metadata.labels?.[SERVICE_LABEL] === service) !== isCalled,
  );
}
