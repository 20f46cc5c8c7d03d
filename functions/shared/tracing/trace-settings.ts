import type { Environment } from "../config.ts";
import type { Sampler } from "./tracer.ts";

/** The export settings from the OTEL_* variables of the OpenTelemetry specification. Times in milliseconds. */
export interface TraceSettings {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** For one request to the collector. */
  readonly timeoutMs: number;
  readonly gzip: boolean;
  /** The file of the certificate authority for an https collector, in place of the system's. */
  readonly caFile: string | undefined;
  /** Attributes of the process, such as `service.name`. */
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: Sampler;
  /** The delay after which an incomplete batch is sent. */
  readonly delayMs: number;
  /** How long the export of one batch is retried. */
  readonly giveUpMs: number;
  readonly maxQueue: number;
  readonly maxBatch: number;
}

/** The settings, undefined if the collector's address is invalid, and a sentence for each ignored variable. */
export interface ReadSettings {
  readonly settings: TraceSettings | undefined;
  readonly problems: readonly string[];
}

const PREFIX = "OTEL_EXPORTER_OTLP_";
const MAX_MS = 2 ** 31 - 1;
/** The number of digits of a trace id that are compared with a ratio, and the number of their values, exact in a double. */
const RANDOM_DIGITS = 13;
const RANDOM_VALUES = 16 ** RANDOM_DIGITS;

/**
 * Reads the OTEL_* variables. As the specification requires, an invalid value is reported and its default used, so
 * that tracing never prevents a service from starting. Reports do not repeat values, because they may contain a key.
 * @param own the service's name and version if the variables set none
 */
export function readTraceSettings(
  env: Environment,
  own: { readonly service: string; readonly version: string | undefined },
): ReadSettings {
  const problems: string[] = [];
  const exporterVariable = (name: string): { name: string; text: string | undefined } => {
    const specific = `${PREFIX}TRACES_${name}`;
    return env[specific]
      ? { name: specific, text: env[specific] }
      : { name: `${PREFIX}${name}`, text: env[`${PREFIX}${name}`] || undefined };
  };
  const wholeNumber = (name: string, text: string | undefined, fallback: number, least: number): number => {
    if (text === undefined || text === "") return fallback;
    const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= MAX_MS) return value;
    problems.push(`${name} is not a whole number of at least ${least}; ${fallback} is taken`);
    return fallback;
  };
  const pairs = (name: string, text: string | undefined): Record<string, string> => {
    const read = readPairs(text ?? "");
    if (read === undefined) problems.push(`${name} is not a list key=value,key=value; it is ignored`);
    return read ?? {};
  };
  const choice = (
    name: string,
    text: string | undefined,
    known: readonly string[],
    instead: string,
  ): void => {
    if (text !== undefined && text !== "" && !known.includes(text))
      problems.push(`${name} is none of ${known.join(", ")}; ${instead}`);
  };

  const address = exporterVariable("ENDPOINT");
  const url = collectorUrl(address.text ?? "", address.name.includes("TRACES"));
  if (url === undefined) problems.push(`${address.name} is not an http or https URL; no spans are exported`);
  const protocol = exporterVariable("PROTOCOL");
  choice(
    protocol.name,
    protocol.text,
    ["http/json"],
    "spans are sent as http/json, to a collector's HTTP port",
  );
  choice("OTEL_TRACES_EXPORTER", env["OTEL_TRACES_EXPORTER"], ["otlp"], "otlp is taken");
  const compression = exporterVariable("COMPRESSION");
  choice(compression.name, compression.text, ["gzip", "none"], "none is taken");
  const timeout = exporterVariable("TIMEOUT");
  const headers = exporterVariable("HEADERS");
  const maxQueue = wholeNumber("OTEL_BSP_MAX_QUEUE_SIZE", env["OTEL_BSP_MAX_QUEUE_SIZE"], 2048, 1);
  const batch = env["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"];
  const settings = {
    headers: pairs(headers.name, headers.text),
    timeoutMs: wholeNumber(timeout.name, timeout.text, 10_000, 1),
    gzip: compression.text === "gzip",
    caFile: exporterVariable("CERTIFICATE").text,
    resource: {
      "service.name": own.service,
      ...(own.version !== undefined && { "service.version": own.version }),
      ...pairs("OTEL_RESOURCE_ATTRIBUTES", env["OTEL_RESOURCE_ATTRIBUTES"]),
      ...(env["OTEL_SERVICE_NAME"] && { "service.name": env["OTEL_SERVICE_NAME"] }),
    },
    sampler: samplerOf(env["OTEL_TRACES_SAMPLER"], env["OTEL_TRACES_SAMPLER_ARG"], problems),
    delayMs: wholeNumber("OTEL_BSP_SCHEDULE_DELAY", env["OTEL_BSP_SCHEDULE_DELAY"], 5000, 0),
    giveUpMs: wholeNumber("OTEL_BSP_EXPORT_TIMEOUT", env["OTEL_BSP_EXPORT_TIMEOUT"], 30_000, 0),
    maxQueue,
    maxBatch: Math.min(maxQueue, wholeNumber("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", batch, 512, 1)),
  };
  return { settings: url === undefined ? undefined : { url, ...settings }, problems };
}

/** The URL for traces: unchanged from the variable for traces, else the collector's address with `/v1/traces`. */
function collectorUrl(text: string, asItIs: boolean): URL | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  if (!asItIs) url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`;
  return url;
}

/** Parses `key=value,key=value` with percent-encoded values, as in W3C Baggage; undefined if it is invalid. */
function readPairs(text: string): Record<string, string> | undefined {
  const read: Record<string, string> = {};
  for (const pair of text.split(",").map((part) => part.trim())) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    if (at < 1 || !/^[\x21-\x7e]+$/.test(name)) return undefined;
    try {
      read[name] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch {
      return undefined;
    }
  }
  return read;
}

function samplerOf(name: string | undefined, argument: string | undefined, problems: string[]): Sampler {
  const ratio = (): Sampler => {
    const share = argument === undefined || argument === "" ? 1 : Number(argument);
    if (share >= 0 && share <= 1) return (traceId) => randomnessOf(traceId) >= 1 - share;
    problems.push("OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1; 1 is taken");
    return () => true;
  };
  const byParent =
    (root: Sampler): Sampler =>
    (traceId, parent) =>
      parent === undefined ? root(traceId, undefined) : parent.sampled;
  switch (name || "parentbased_always_on") {
    case "always_on":
      return () => true;
    case "always_off":
      return () => false;
    case "traceidratio":
      return ratio();
    case "parentbased_always_on":
      return byParent(() => true);
    case "parentbased_always_off":
      return byParent(() => false);
    case "parentbased_traceidratio":
      return byParent(ratio());
    default:
      problems.push(
        "OTEL_TRACES_SAMPLER is not a sampler that is known here; parentbased_always_on is taken",
      );
      return byParent(() => true);
  }
}

/** A number from 0 to 1 that is the same in each process: the last digits of the trace id (W3C Trace Context, level 2). */
const randomnessOf = (traceId: string): number =>
  Number.parseInt(traceId.slice(-RANDOM_DIGITS), 16) / RANDOM_VALUES;
