/**
 * All that crosses a service from caller to upstream: the request's identity, what joins its spans,
 * and the header that pins a request to a version. Credentials and cookies stay where they came in.
 */
export const FORWARDED_HEADERS = [
  "x-request-id",
  "traceparent",
  "tracestate",
  "baggage",
  "b3",
  "x-b3-traceid",
  "x-b3-spanid",
  "x-b3-parentspanid",
  "x-b3-sampled",
  "x-b3-flags",
  "end-user",
] as const;

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;
const B3_TRACE_ID = /^[0-9a-f]{16}(?:[0-9a-f]{16})?(?=$|-)/i;
const NOTHING_BUT_ZEROS = /^0+$/;

/** The headers of `inbound` that go on to an upstream, under the request id that this service uses. */
export function forwardedHeaders(inbound: Headers, requestId: string): Record<string, string> {
  const outbound: Record<string, string> = {};
  // One step into the runtime for all of them: to ask for each name costs more.
  const given = inbound.toJSON();
  for (const name of FORWARDED_HEADERS) {
    const value = given[name];
    if (value !== undefined) outbound[name] = value;
  }
  outbound["x-request-id"] = requestId;
  return outbound;
}

/** The caller's request id where it is safe to log and to send back, else a new one. */
export function requestIdOf(inbound: Headers, newId: () => string): string {
  const given = inbound.get("x-request-id");
  return given !== null && REQUEST_ID.test(given) ? given : newId();
}

/** The trace that a request belongs to, by W3C or B3 headers, or nothing where there is no valid one. */
export function traceIdOf(inbound: Headers): string | undefined {
  const traceparent = inbound.get("traceparent");
  if (traceparent !== null) {
    const id = TRACEPARENT.exec(traceparent)?.[1];
    if (id !== undefined && !NOTHING_BUT_ZEROS.test(id)) return id;
  }
  const b3 = inbound.get("x-b3-traceid") ?? inbound.get("b3");
  return b3 === null ? undefined : B3_TRACE_ID.exec(b3)?.[0];
}
