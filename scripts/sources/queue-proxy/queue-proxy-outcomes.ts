import type { Kube } from "../../cluster/kube/client.ts";
import { FORWARD_PORTS, GET_PODS, LIST_PODS } from "../../cluster/rbac.ts";
import { checked } from "../../cluster/workload/follow.ts";
import { LivePod, POD, REVISION_LABEL, SERVICE_LABEL } from "../../cluster/workload/live-objects.ts";
import { Counters, type HistogramFormat, type Meaning } from "../metrics/counters.ts";
import { anyPodAnswers, SCRAPE_LAG_MS, scrapePods } from "../metrics/scrape-pods.ts";
import { markOf } from "../../traffic/outcome-kind.ts";
import type { OutcomeSource } from "../source.ts";

export interface QueueProxySourceOptions {
  kube: Kube;
  namespace: string;
  /** The Knative Service. */
  service: string;
}

// The port `http-usermetric` of a revision's pods. (serving, pkg/networking/constants.go)
const METRICS = { port: 9091, path: "/metrics" };

/** The label that a sample gets from its pod: the newer metrics do not name the revision. */
const POD_REVISION = "pod_revision";

/** Interprets the status and the tag of a pod's sample. */
type ReadLabels = (
  status: string | undefined,
  tag: string | undefined,
  revision: string,
) => Meaning | undefined;

/** The requests as Serving 1.15 counts them, in milliseconds. (serving v0.42, pkg/queue/request_metric.go) */
const openCensus = (read: ReadLabels): HistogramFormat => ({
  names: ["revision_request_latencies"],
  unitMs: 1,
  meaningOf: ({ response_code, route_tag, [POD_REVISION]: revision = "" }) =>
    read(response_code, route_tag, revision),
});

/**
 * The requests as later versions count them, by OpenTelemetry's conventions, in seconds.
 * (serving v0.51, pkg/queue/sharedmain/handlers.go; semantic conventions, http.server.request.duration)
 */
const openTelemetry = (read: ReadLabels): HistogramFormat => ({
  names: ["http_server_request_duration_seconds"],
  unitMs: 1_000,
  meaningOf: ({ http_response_status_code, kn_route_tag, [POD_REVISION]: revision = "" }) =>
    read(http_response_status_code, kn_route_tag, revision),
});

/** The values of a route tag for requests that were not sent to a tag. (serving, GetRouteTagNameFromRequest) */
const BY_SPLIT = /^$|^(kn:)?(default|undefined|disabled)$/i;

/**
 * Requests for a tag are not decided by the split, and left out unless they are wanted. Probes are not counted by the
 * queue-proxy.
 */
function reading(wantsPinned: boolean): ReadLabels {
  return (status = "", tag = "", revision) => {
    const isPinned = !BY_SPLIT.test(tag);
    if (isPinned && !wantsPinned) return undefined;
    const meaning = { revision, ...markOf(Number(status)), excluded: undefined };
    return isPinned ? { ...meaning, pinned: true } : meaning;
  };
}

/** Reports the outcomes of a service from its pods' queue-proxies. They do not see requests that reach no pod. */
export function queueProxySource({ kube, namespace, service }: QueueProxySourceOptions): OutcomeSource {
  return {
    name: "queue-proxy",
    place: `the queue-proxies of ${namespace}/${service}`,
    lagMs: SCRAPE_LAG_MS,
    rights: { own: [LIST_PODS, GET_PODS, FORWARD_PORTS], gateways: [], everywhere: [] },
    outcomes(signal, { pinned = false } = {}) {
      const read = reading(pinned);
      return scrapePods(
        {
          kube,
          ...METRICS,
          counters: new Counters(openCensus(read), openTelemetry(read)),
          listPods: (until) => runningPods({ kube, namespace, service }, until),
          labelsOf: ({ metadata }) => ({ [POD_REVISION]: metadata.labels?.[REVISION_LABEL] ?? "" }),
          advice:
            "Or the queue-proxies export none: config-observability in knative-serving has to say prometheus.",
        },
        signal,
      );
    },
  };
}

/** Whether the queue-proxies of a service's running pods export metrics that can be read. */
export async function hasQueueProxyMetrics(options: QueueProxySourceOptions): Promise<boolean> {
  const { kube } = options;
  const pods = await runningPods(options);
  return anyPodAnswers({ kube, ...METRICS }, pods, () => true);
}

async function runningPods(
  { kube, namespace, service }: QueueProxySourceOptions,
  signal?: AbortSignal,
): Promise<LivePod[]> {
  const labelSelector = `${SERVICE_LABEL}=${service}`;
  const { items } = await kube.list(POD, { namespace, labelSelector, signal });
  return checked(LivePod, items).filter(({ status }) => status?.phase === "Running");
}
