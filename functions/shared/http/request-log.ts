import type { Activity } from "./call.ts";
import { roundMs, type Call } from "./call.ts";
import type { Log, LogFields } from "../telemetry/log.ts";
import { knownMethod } from "../telemetry/metrics.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { SpanEnd } from "../tracing/tracer.ts";

/** Probes and scrapes come every few seconds and are neither logged nor counted. */
const UNRECORDED = new Set(["/healthz", "/readyz", "/metrics"]);

/** The log, the metrics and the clock for the end of a request. */
export interface RecordDeps {
  readonly activity: Activity;
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A request when it ends. `route` is a template, never the path as it was sent. */
export interface Ending {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

/**
 * Logs a request and counts it, once, unless it is a probe or a scrape. The line holds the fields listed here and nothing
 * else: no body, no query, no path, no header but the request's id and its trace.
 */
export function record(call: Call, ending: Ending, { activity, clock, log, metrics }: RecordDeps): void {
  if (call.recorded) return;
  call.recorded = true;
  activity.calls -= 1;
  const { route, status } = ending;
  if (UNRECORDED.has(route)) return;
  const ms = clock() - call.startedAt;
  metrics.request(ending, ms);
  call.span?.end(spanEnd(call, ending));
  const fields = () => ({
    requestId: call.requestId,
    traceId: call.traceId,
    route,
    method: knownMethod(ending.method),
    status,
    ms: roundMs(ms),
    upstream: upstreamFields(call),
  });
  if (status >= 500) log.error("request", fields);
  else log.info("request", fields);
}

function spanEnd({ requestId }: Call, { method, route, status }: Ending): SpanEnd {
  const failed = status >= 500;
  return {
    name: `${knownMethod(method)} ${route}`,
    failed,
    attributes: {
      "http.request.method": knownMethod(method),
      "http.route": route,
      "http.response.status_code": status,
      "error.type": failed ? String(status) : undefined,
      "kyc.request_id": requestId,
    },
  };
}

function upstreamFields({ upstream }: Call): LogFields | undefined {
  if (upstream === undefined) return undefined;
  const { revision, outcome, status, ms } = upstream;
  return { revision, outcome, status, ms: roundMs(ms) };
}
