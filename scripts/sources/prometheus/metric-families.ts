import type { HistogramFormat } from "../metrics/counters.ts";
import { markOf } from "../../traffic/outcome-kind.ts";
import { CALLS, callsOf } from "../metrics/http-histograms.ts";

/** The histograms of one kind of program, and the queries for those of a service. */
export interface MetricFamily {
  name: string;
  /** For the help: the view that the metrics have. */
  summary: string;
  of(service: string, namespace: string): { selector: string; format: HistogramFormat };
}

const LATENCIES_OF_QUEUE_PROXY = "revision_request_latencies";
const LATENCIES_OF_ISTIO = "istio_request_duration_milliseconds";

/** The value of a label in a selector, quoted for PromQL. */
const quoted = (text: string): string => JSON.stringify(text);

/** A regular expression for the names of revisions, which begin with that of the service. */
const revisionsOf = (service: string): string => quoted(`${service}-.+`);

/** The metric families of a service in a Prometheus. The first is the default. */
export const METRIC_FAMILIES: readonly [MetricFamily, ...MetricFamily[]] = [
  {
    name: "calls",
    summary: `${CALLS}, as this project's services count their calls`,
    of: (service) => ({
      selector: `${CALLS}_bucket{upstream=${quoted(service)}}`,
      format: callsOf(service),
    }),
  },
  {
    name: "queue-proxy",
    summary: `${LATENCIES_OF_QUEUE_PROXY}, as Knative's queue-proxy counts requests (Serving 1.15)`,
    of: (service, namespace) => ({
      selector: `${LATENCIES_OF_QUEUE_PROXY}_bucket{namespace_name=${quoted(namespace)},service_name=${quoted(service)},route_tag!~"[a-z].*"}`,
      format: {
        names: [LATENCIES_OF_QUEUE_PROXY],
        unitMs: 1,
        meaningOf: ({ response_code = "", revision_name }) => meaningOf(response_code, revision_name),
      },
    }),
  },
  {
    name: "istio",
    summary: `${LATENCIES_OF_ISTIO}, as gateways and sidecars count what they send`,
    of: (service, namespace) => ({
      selector: `${LATENCIES_OF_ISTIO}_bucket{reporter="source",destination_service_namespace=${quoted(namespace)},destination_service_name=~${revisionsOf(service)}}`,
      format: {
        names: [LATENCIES_OF_ISTIO],
        unitMs: 1,
        meaningOf: ({ response_code = "", destination_service_name }) =>
          meaningOf(response_code, destination_service_name),
      },
    }),
  },
];

/** Istio writes code 0 for a connection that ended before a response. */
function meaningOf(status: string, revision: string | undefined): ReturnType<HistogramFormat["meaningOf"]> {
  return { revision, ...markOf(status === "0" ? undefined : Number(status)), excluded: undefined };
}
