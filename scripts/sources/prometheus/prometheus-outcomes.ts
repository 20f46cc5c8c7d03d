import Type, { type Static } from "typebox";
import { UsageError } from "../../cluster/user-error.ts";
import { didYouMean } from "../../nearest.ts";
import { Counters, STARTED } from "../metrics/counters.ts";
import type { Sample } from "../metrics/samples.ts";
import type { Outcome, OutcomeSource } from "../source.ts";
import { METRIC_FAMILIES } from "./metric-families.ts";
import { type PrometheusConnection, queryPrometheus } from "./prometheus-api.ts";

export interface PrometheusSourceOptions {
  connection: PrometheusConnection;
  /** The name of a metric family. @default the first */
  metrics?: string | undefined;
  service: string;
  namespace: string;
}

/** A time in seconds since the epoch, by the clock of the Prometheus, and a number as text. */
const Value = Type.Tuple([Type.Number(), Type.String()]);
const Metric = Type.Record(Type.String(), Type.String());

const Matrix = Type.Object({
  resultType: Type.Literal("matrix"),
  result: Type.Array(Type.Object({ metric: Metric, values: Type.Array(Value) })),
});
const Vector = Type.Object({
  resultType: Type.Literal("vector"),
  result: Type.Array(Type.Object({ metric: Metric, value: Value })),
});
const Scalar = Type.Object({ resultType: Type.Literal("scalar"), result: Value });

/** The clock of a Prometheus, held against this one, in milliseconds. */
interface Clocks {
  /** How far it is ahead. */
  aheadMs: number;
  /** The tolerance of that. */
  errorMs: number;
}

/** The counters of one process at one scrape. */
interface Scrape {
  /** Seconds since the epoch, by the clock of the Prometheus. */
  atS: number;
  samples: Sample[];
}

const EVERY_MS = 1_000;
// Prometheus itself considers a series stale if its last sample is older. (--query.lookback-delta)
const LOOKBACK_S = 300;
// A sample has the time at which its scrape began. (prometheus, scrape/scrape.go)
const SCRAPE_TAKES_MS = 1_000;
// Prometheus' default. A longer interval delays outcomes further without making them wrong, since each scrape has its
// time.
const SCRAPE_INTERVAL_MS = 60_000;
// The labels that identify processes; the others are the histogram's own.
const PROCESS = ["job", "instance", "namespace", "pod", "container"];

/**
 * Reports the outcomes of a service from a Prometheus. It queries raw counters with the time of each scrape: the
 * increase between two scrapes was answered between the two. `rate` and `increase` would extrapolate, and have no
 * such times.
 */
export function prometheusSource(options: PrometheusSourceOptions): OutcomeSource {
  const { connection, metrics = METRIC_FAMILIES[0].name, service, namespace } = options;
  const family = METRIC_FAMILIES.find(({ name }) => name === metrics);
  if (family === undefined) {
    const names = METRIC_FAMILIES.map(({ name }) => name);
    throw new UsageError(`--prometheus-metrics ${metrics}: ${didYouMean(metrics, names)}`);
  }
  const { selector, format } = family.of(service, namespace);
  return {
    name: "prometheus",
    place: `${connection.base}, metrics ${family.name}`,
    lagMs: SCRAPE_INTERVAL_MS + EVERY_MS,
    outcomes: (signal) => prometheusOutcomes(connection, selector, new Counters(format), signal),
  };
}

async function* prometheusOutcomes(
  connection: PrometheusConnection,
  selector: string,
  counters: Counters,
  signal: AbortSignal,
): AsyncGenerator<Outcome[]> {
  /** The last scrape that was read of each process, in seconds. */
  const read = new Map<string, number>();
  /** The start time of each process in that scrape, in seconds; missing if it was not reported. */
  const startedAt = new Map<string, number>();
  let clocks: Clocks | undefined;
  let rangeS = LOOKBACK_S;
  for (let lookedAtMs: number | undefined; !signal.aborted;) {
    const due = Bun.sleep(EVERY_MS);
    try {
      clocks ??= await compareClocks(connection, signal);
      const nowMs = Date.now();
      const [{ result: series }, { result: starts }] = await Promise.all([
        queryPrometheus(connection, `${selector}[${rangeS}s]`, Matrix, signal),
        queryPrometheus(connection, `${STARTED} and on(instance) ${selector}`, Vector, signal),
      ]);
      const startOf = new Map(starts.map(({ metric, value }) => [processOf(metric), Number(value[1])]));
      const outcomes = [...Map.groupBy(series, ({ metric }) => processOf(metric))].flatMap(([process, of]) =>
        added(process, of, startOf.get(process), lookedAtMs),
      );
      lookedAtMs = nowMs;
      const newestS = Math.max(0, ...read.values());
      rangeS = Math.min(LOOKBACK_S, Math.max(1, Math.ceil(nowMs / 1_000 - newestS) + 5));
      if (outcomes.length > 0) yield outcomes;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await due;
  }

  /**
   * Returns the increases in the scrapes that were not read yet. At the first query, counting begins with the last
   * scrape.
   */
  function added(
    process: string,
    series: Static<typeof Matrix>["result"],
    startedAtS: number | undefined,
    lookedAtMs: number | undefined,
  ): Outcome[] {
    const last = read.get(process);
    const all = scrapesOf(series).filter(({ atS }) => last === undefined || atS > last);
    const scrapes = lookedAtMs === undefined ? all.slice(-1) : all;
    return scrapes.flatMap(({ atS, samples }) => {
      read.set(process, atS);
      // A scrape from before the start is of the process before it.
      if (startedAtS !== undefined && startedAtS <= atS) startedAt.set(process, startedAtS);
      const start = { name: STARTED, labels: {}, value: startedAt.get(process) ?? 0 };
      const { aheadMs, errorMs } = clocks ?? { aheadMs: 0, errorMs: 0 };
      const atMs = atS * 1_000 - aheadMs;
      return counters.added(process, [...samples, start], {
        fromMs: atMs - errorMs,
        atMs: atMs + errorMs + SCRAPE_TAKES_MS,
        beganAfterMs: beganAfter(
          lookedAtMs,
          startedAtS === undefined ? undefined : startedAtS * 1_000 - aheadMs,
        ),
      });
    });
  }
}

/** A process that was missing in the previous reading started since, unless its start time shows that it was only not scraped. */
function beganAfter(lookedAtMs: number | undefined, startedAtMs: number | undefined): number | undefined {
  if (lookedAtMs === undefined || startedAtMs === undefined) return lookedAtMs;
  return startedAtMs > lookedAtMs - LOOKBACK_S * 1_000 ? Math.min(lookedAtMs, startedAtMs) : undefined;
}

/** The scrapes of one process, the oldest first. */
function scrapesOf(series: Static<typeof Matrix>["result"]): Scrape[] {
  const byTime = new Map<number, Sample[]>();
  for (const { metric, values } of series) {
    const { __name__: name = "", ...labels } = metric;
    const own = Object.fromEntries(Object.entries(labels).filter(([label]) => !PROCESS.includes(label)));
    for (const [atS, value] of values)
      byTime.set(atS, [...(byTime.get(atS) ?? []), { name, labels: own, value: Number(value) }]);
  }
  return [...byTime].map(([atS, samples]) => ({ atS, samples })).sort((a, b) => a.atS - b.atS);
}

function processOf(labels: Sample["labels"]): string {
  return PROCESS.map((name) => labels[name] ?? "").join("|");
}

/** Holds the clock of a Prometheus against this one: its answer is from between the question and the answer. */
async function compareClocks(connection: PrometheusConnection, signal: AbortSignal): Promise<Clocks> {
  const askedAtMs = Date.now();
  const { result } = await queryPrometheus(connection, "time()", Scalar, signal);
  const tookMs = Date.now() - askedAtMs;
  return { aheadMs: result[0] * 1_000 - (askedAtMs + tookMs / 2), errorMs: tookMs / 2 };
}
