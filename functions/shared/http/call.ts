import { requestIdOf, traceIdOf } from "../telemetry/tracing.ts";
import type { Span, Tracer } from "../tracing/tracer.ts";

/** The state of a service's process, shared by all parts of it. */
export interface Activity {
  /** Whether the process is shutting down. Set by the lifecycle, shown by the readiness probe. */
  draining: boolean;
  /** Requests that have begun and not ended; their callers may be gone already. */
  calls: number;
}

/** The end of one call to an upstream, for the request's log line. */
export interface UpstreamRecord {
  /** The revision that answered, `unknown` if none said so. */
  readonly revision: string;
  readonly outcome: string;
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined;
  /** Milliseconds until the answer was read and checked, or the call had failed. */
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
  /** Headers of this answer beside those of every answer, whether it succeeds or fails. */
  headers: Record<string, string> | undefined;
  /** Set once the request is logged and counted, which happens once. */
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
