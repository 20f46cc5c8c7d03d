import type { Activity } from "./call.ts";
import { roundMs, type Call } from "./call.ts";
import type { Log, LogFields } from "../telemetry/log.ts";
import { knownMethod } from "../telemetry/metrics.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { SpanEnd } from "../tracing/tracer.ts";

/** The paths of probes and scrapes, which are frequent and neither logged nor counted. */
const UNRECORDED = new Set(["/healthz", "/readyz", "/metrics"]);

/** The dependencies for recording the end of a request. */
export interface RecordDeps {
  readonly activity: Activity;
  readonly clock: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** A finished request. `route` is a template, never the received path. */
export interface Ending {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

/**
 * Logs and counts a request once, unless it is a probe or a scrape. The line contains only the fields listed here: no body,
 * no query, no path, and no header except the request's id and its trace.
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
