import type { Environment } from "../config.ts";

/** The header with the id of a request, sent to upstreams and back to the caller. */
export const REQUEST_ID_HEADER = "x-request-id";
/** The header that pins a request to the version that it names. */
export const PINNING_HEADER = "end-user";

/**
 * The headers that a service forwards to its upstream: the request's identity, its trace, and the header that pins it to a
 * version. Credentials and cookies are not forwarded.
 */
export const FORWARDED_HEADERS = [
  REQUEST_ID_HEADER,
  "traceparent",
  "tracestate",
  "b3",
  "x-b3-traceid",
  "x-b3-spanid",
  "x-b3-parentspanid",
  "x-b3-sampled",
  "x-b3-flags",
  "baggage",
  PINNING_HEADER,
] as const;

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;
const B3_TRACE_ID = /^[0-9a-f]{16}(?:[0-9a-f]{16})?(?=$|-)/i;
const ALL_ZEROS = /^0+$/;

/**
 * The maximum number of bytes of forwarded tracing headers: the limit of W3C Baggage. With it, a request stays within the
 * 16 KB for all headers; above, Bun and Envoy's default answer 431.
 */
const MAX_TRACING_BYTES = 8192;

/**
 * The headers of `inbound` that are forwarded to an upstream, with the request id that this service uses. A tracing header
 * that exceeds the rest of `MAX_TRACING_BYTES` is dropped completely, as its standard allows.
 */
export function forwardedHeaders(inbound: Headers, requestId: string): Record<string, string> {
  const outbound: Record<string, string> = {};
  // One call into the runtime for all headers costs less than one for each name.
  const given = inbound.toJSON();
  let left = MAX_TRACING_BYTES;
  for (const name of FORWARDED_HEADERS) {
    const value = given[name];
    if (value === undefined || name === REQUEST_ID_HEADER) continue;
    if (name !== PINNING_HEADER) {
      if (value.length > left) continue;
      left -= value.length;
    }
    outbound[name] = value;
  }
  outbound[REQUEST_ID_HEADER] = requestId;
  return outbound;
}

/** Whether the environment configures the export of spans (the OTEL_* variables of the OpenTelemetry specification). */
export const exportsTraces = (env: Environment): boolean =>
  Boolean(env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || env["OTEL_EXPORTER_OTLP_ENDPOINT"]) &&
  env["OTEL_TRACES_EXPORTER"] !== "none" &&
  env["OTEL_SDK_DISABLED"]?.toLowerCase() !== "true";

/** The caller's request id if it is safe to log and to send back, else a new one. */
export function requestIdOf(inbound: Headers, newId: () => string): string {
  const given = inbound.get(REQUEST_ID_HEADER);
  return given !== null && REQUEST_ID.test(given) ? given : newId();
}

/** The trace that a request belongs to, by W3C or B3 headers; undefined without a valid one. */
export function traceIdOf(inbound: Headers): string | undefined {
  const traceparent = inbound.get("traceparent");
  if (traceparent !== null) {
    const id = TRACEPARENT.exec(traceparent)?.[1];
    if (id !== undefined && !ALL_ZEROS.test(id)) return id;
  }
  const b3 = inbound.get("x-b3-traceid") ?? inbound.get("b3");
  return b3 === null ? undefined : B3_TRACE_ID.exec(b3)?.[0];
}
