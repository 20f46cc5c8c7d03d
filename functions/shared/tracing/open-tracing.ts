import type { Environment } from "../config.ts";
import type { Log } from "../telemetry/log.ts";
import { createPost, exemptFromProxy } from "./post.ts";
import { createSpanExporter, type SpanExporter } from "./span-exporter.ts";
import { readTraceSettings } from "./trace-settings.ts";
import { createTracer, type Tracer } from "./tracer.ts";

/** The tracing of a process. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends the queued spans; see `SpanExporter`. */
  flush(): Promise<void>;
  /** The counts of spans, as Prometheus reads them. */
  metrics(): string;
}

/** The environment, the process's own name and version, and the log for errors. */
export interface TracingOptions {
  readonly env: Environment;
  readonly service: string;
  readonly version: string | undefined;
  readonly log: Log;
}

/** The maximum drift between two clocks, in milliseconds, before the second is set by the first. */
const MOST_DRIFT_MS = 100;

/**
 * Starts the export of spans by OTLP, as configured by the environment. This module is imported only if `exportsTraces` is
 * true. Returns undefined, and logs an error, if the collector's address is invalid.
 */
export async function openTracing({
  env,
  service,
  version,
  log,
}: TracingOptions): Promise<Tracing | undefined> {
  const { settings, problems } = readTraceSettings(env, { service, version });
  for (const problem of problems) log.error("tracing", { problem });
  if (settings === undefined) return undefined;
  let ca: string | undefined;
  try {
    ca = settings.caFile === undefined ? undefined : await Bun.file(settings.caFile).text();
  } catch {
    log.error("tracing", { problem: "the file of OTEL_EXPORTER_OTLP_CERTIFICATE cannot be read" });
  }
  exemptFromProxy(settings.url, process.env);
  const exporter = createSpanExporter({ ...settings, post: createPost(settings, ca), log });
  const tracer = createTracer({ sampler: settings.sampler, export: exporter.add, now: wallClock() });
  return { tracer, flush: exporter.flush, metrics: () => spanMetrics(exporter) };
}

/** Milliseconds since 1970 with the fractions of the monotonic clock, adjusted if the machine's time changes. */
function wallClock(): () => number {
  let offset = performance.timeOrigin;
  return () => {
    const ticks = performance.now();
    const time = Date.now();
    if (Math.abs(ticks + offset - time) > MOST_DRIFT_MS) offset = time - ticks;
    return ticks + offset;
  };
}

/** The counts of spans as Prometheus reads them. */
function spanMetrics({ exported, dropped }: SpanExporter): string {
  return [
    "# HELP otel_spans_exported_total Spans that the collector took.",
    "# TYPE otel_spans_exported_total counter",
    `otel_spans_exported_total ${exported}`,
    "# HELP otel_spans_dropped_total Spans that no collector got, by reason.",
    "# TYPE otel_spans_dropped_total counter",
    ...Object.entries(dropped).map(
      ([reason, count]) => `otel_spans_dropped_total{reason="${reason}"} ${count}`,
    ),
  ].join("\n");
}
