import { describe, expect, test } from "bun:test";
import { readTraceSettings } from "./trace-settings.ts";

const ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
const COLLECTOR = { [ENDPOINT]: "http://collector:4318" };
const read = (env: Record<string, string>) => readTraceSettings(env, { service: "own", version: "own-1" });
const settingsOf = (env: Record<string, string>) => {
  const { settings, problems } = read({ ...COLLECTOR, ...env });
  expect(problems).toEqual([]);
  if (settings === undefined) throw new Error("no settings");
  return settings;
};

test.each([
  [{ [ENDPOINT]: "http://c:4318" }, "http://c:4318/v1/traces"],
  [{ [ENDPOINT]: "https://c/otlp/" }, "https://c/otlp/v1/traces"],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318/in" }, "http://c:4318/in"],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318" }, "http://c:4318/"],
])("of %o spans go to %s", (env, url) => {
  expect(settingsOf(env).url.href).toBe(url);
});

test("variables for traces override those for all signals, and an empty value counts as none", () => {
  const settings = settingsOf({
    OTEL_EXPORTER_OTLP_HEADERS: "a=1",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "b=2, c = x%20y",
    OTEL_EXPORTER_OTLP_TIMEOUT: "7",
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "",
  });
  expect(settings.headers).toEqual({ b: "2", c: "x y" });
  expect(settings.timeoutMs).toBe(7);
});

test("the process is named by OTEL_SERVICE_NAME before OTEL_RESOURCE_ATTRIBUTES before its own name", () => {
  const attributes = { OTEL_RESOURCE_ATTRIBUTES: "service.name=listed,team=kyc" };
  expect(settingsOf({}).resource).toEqual({ "service.name": "own", "service.version": "own-1" });
  expect(settingsOf(attributes).resource).toMatchObject({ "service.name": "listed", team: "kyc" });
  expect(settingsOf({ ...attributes, OTEL_SERVICE_NAME: "named" }).resource).toMatchObject({
    "service.name": "named",
  });
});

test("an invalid address is reported and never repeated", () => {
  const { settings, problems } = read({ [ENDPOINT]: "grpc://user:secret@c" });
  expect(settings).toBeUndefined();
  expect(problems).toEqual([`${ENDPOINT} is not an http or https URL; no spans are exported`]);
});

test.each([
  [
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "grpc",
    "is none of http/json; spans are sent as http/json, to a collector's HTTP port",
  ],
  ["OTEL_EXPORTER_OTLP_HEADERS", "secret", "is not a list key=value,key=value; it is ignored"],
  ["OTEL_RESOURCE_ATTRIBUTES", "a=%zz", "is not a list key=value,key=value; it is ignored"],
  ["OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", "is none of gzip, none; none is taken"],
  ["OTEL_BSP_MAX_QUEUE_SIZE", "0", "is not a whole number of at least 1; 2048 is taken"],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "is not a whole number of at least 1; 10000 is taken"],
  ["OTEL_TRACES_SAMPLER", "xray", "is not a sampler that is known here; parentbased_always_on is taken"],
  ["OTEL_TRACES_EXPORTER", "console", "is none of otlp; otlp is taken"],
])("%s=%s is reported, and its default taken", (name, value, told) => {
  const { settings, problems } = read({ ...COLLECTOR, [name]: value });
  expect(problems).toEqual([`${name} ${told}`]);
  expect(settings).toBeDefined();
});

describe("OTEL_TRACES_SAMPLER", () => {
  const trace = (digits: string) => digits.padStart(32, "a");
  const [low, high] = [trace("0000000000000"), trace("fffffffffffff")];
  const parent = (sampled: boolean) => ({ traceId: low, spanId: "b7ad6b7169203331", sampled });

  test.each([
    ["", "", true, false],
    ["always_on", "", true, true],
    ["always_off", "", false, false],
    ["parentbased_always_off", "", false, false],
    ["traceidratio", "0", false, false],
    ["traceidratio", "1", true, true],
    ["parentbased_traceidratio", "1", true, false],
    ["parentbased_traceidratio", "0", false, false],
  ])("%s %s: a new trace %p, a trace that its caller does not record %p", (name, argument, fresh, below) => {
    const { sampler } = settingsOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument });
    expect([sampler(low, undefined), sampler(low, parent(false))]).toEqual([fresh, below]);
    if (name.startsWith("parentbased")) expect(sampler(low, parent(true))).toBe(true);
  });

  test("a ratio takes that share of all traces, the same ones in each process", () => {
    const { sampler } = settingsOf({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" });
    expect([sampler(low, undefined), sampler(high, undefined)]).toEqual([false, true]);
    const digits = Array.from({ length: 256 }, (_, i) =>
      trace(i.toString(16).padStart(2, "0").padEnd(13, "0")),
    );
    expect(digits.filter((id) => sampler(id, undefined))).toHaveLength(64);
  });

  test("a ratio that is none is reported", () => {
    const env = { ...COLLECTOR, OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" };
    expect(read(env).problems).toEqual(["OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1; 1 is taken"]);
  });
});
