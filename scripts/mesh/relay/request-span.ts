import type { Span, SpanEnd, Tracer } from "../../../functions/shared/tracing/tracer.ts";
import type { HeaderList } from "../../route-fields/headers/header-list.ts";
import { pathOf } from "../../route-fields/match/match.ts";
import { lineOf } from "../../traffic/split/planned-splits.ts";
import type { Served } from "./relay-options.ts";

/** Begins the span of a request and makes it the parent of the revision's spans. */
export function beginSpan(tracer: Tracer | undefined, headers: HeaderList): Span | undefined {
  if (tracer === undefined) return undefined;
  const span = tracer.server(headers.get("traceparent"), headers.joined("tracestate"));
  headers.set("traceparent", span.traceparent);
  // The caller's state belongs to another trace (W3C Trace Context, section 4.3).
  if (span.root) headers.remove("tracestate");
  return span;
}

/** Returns the end of the span. Its name has the host but not the path, since the number of paths is unbounded. */
export function spanEnd(served: Served, authority: string): SpanEnd {
  const { listener, method, target, requestId, revision, status, brokenBy, cold, hops } = served;
  const [namespace, name] = revision?.split("/") ?? [];
  const at = hops.at(-1)?.rule.at;
  const failed = brokenBy === "revision" || status >= 500;
  return {
    name: `${method} ${authority}`,
    failed,
    attributes: {
      "http.request.method": method,
      "url.path": pathOf(target),
      "server.address": authority,
      "http.response.status_code": status === 0 ? undefined : status,
      "error.type": failed ? (brokenBy ?? String(status)) : undefined,
      "kyc.listener": listener,
      "kyc.namespace": namespace,
      "kyc.revision": name,
      "kyc.route": at === undefined ? undefined : lineOf(at),
      "kyc.cold_start": cold,
      "kyc.request_id": requestId,
    },
  };
}
