import { requestIdOf, traceIdOf } from "../telemetry/tracing.ts";
import type { Span, Tracer } from "../tracing/tracer.ts";

/** The state of a service's process. */
export interface Activity {
  /** Whether the process is shutting down. Set by the lifecycle, shown by the readiness probe. */
  draining: boolean;
  /** The number of requests in flight; their callers may have disconnected. */
  calls: number;
}

/** The end of one call to an upstream, for the request's log line. */
export interface UpstreamRecord {
  /** The revision that answered; `unknown` if the response does not name it. */
  readonly revision: string;
  readonly outcome: string;
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined;
  /** Milliseconds until the answer was read and checked, or the call failed. */
  readonly ms: number;
}

/** The record of one request while it is handled. */
export interface Call {
  readonly requestId: string;
  readonly traceId: string | undefined;
  /** Undefined if traces are not exported. */
  readonly span: Span | undefined;
  /** The clock's milliseconds at the beginning. */
  readonly startedAt: number;
  upstream: UpstreamRecord | undefined;
  /** Additional headers of this response, whether it succeeds or fails. */
  headers: Record<string, string> | undefined;
  /** Whether the request was logged and counted, which happens once. */
  recorded: boolean;
}

/** The clock and the source of ids for calls. */
export interface CallDeps {
  readonly activity: Activity;
  /** A monotonic clock in milliseconds. */
  readonly clock: () => number;
  readonly newId: () => string;
  /** Undefined if traces are not exported. */
  readonly tracer?: Tracer | undefined;
}

/** Begins the record of a request; `record` ends it. */
export function beginCall(headers: Headers, { activity, clock, newId, tracer }: CallDeps): Call {
  activity.calls += 1;
  const span = tracer?.server(headers.get("traceparent"), headers.get("tracestate"));
  return {
    requestId: requestIdOf(headers, newId),
    traceId: span?.traceId ?? traceIdOf(headers),
    span,
    startedAt: clock(),
    upstream: undefined,
    headers: undefined,
    recorded: false,
  };
}

/** A duration for people and logs: milliseconds with two decimals. */
export const roundMs = (ms: number): number => Math.round(ms * 100) / 100;
