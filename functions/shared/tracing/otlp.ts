import type { Attributes, FinishedSpan } from "./tracer.ts";

type Resource = Readonly<Record<string, string>>;

const KINDS = { server: 2, client: 3 } as const;
const STATUS_ERROR = 2;
/** The flags of a span whose trace is sampled and whose parent is known to be remote or local. */
const SAMPLED = 0x101;
const REMOTE_PARENT = 0x200;

/**
 * Spans as an ExportTraceServiceRequest of the OpenTelemetry protocol in JSON: ids in hexadecimal digits, integers of 64
 * bits as text (OTLP 1.3, "JSON Protobuf Encoding").
 */
export function exportRequest(resource: Resource, spans: readonly FinishedSpan[]): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [{ scope: { name: "kyc" }, spans: spans.map(spanOf) }],
      },
    ],
  });
}

/** The number of spans of a request that the collector refused, from its response. */
export function rejectedSpans(answer: string): number {
  const { partialSuccess } = safeParse(answer);
  if (typeof partialSuccess !== "object" || partialSuccess === null) return 0;
  const rejected = "rejectedSpans" in partialSuccess ? Number(partialSuccess.rejectedSpans) : 0;
  return Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
}

function spanOf(span: FinishedSpan): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    traceState: span.tracestate,
    flags: span.remoteParent ? SAMPLED | REMOTE_PARENT : SAMPLED,
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: nanos(span.startMs),
    endTimeUnixNano: nanos(span.endMs),
    attributes: attributesOf(span.attributes),
    status: span.failed ? { code: STATUS_ERROR } : {},
  };
}

/** Nanoseconds as a string. A double represents today's time in whole microseconds, but not in nanoseconds. */
const nanos = (ms: number): string => `${Math.round(ms * 1000)}000`;

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: valueOf(value) }],
  );
}

function valueOf(value: string | number | boolean): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function safeParse(text: string): { readonly partialSuccess?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
