import { createHistogram, type Series } from "./histogram.ts";

/**
 * The measurements of a service, and their text for Prometheus. Durations are in milliseconds. Callers pass routes from
 * a small set; methods and names of revisions are limited here.
 */
export interface Metrics {
  request(ended: EndedRequest, ms: number): void;
  upstreamCall(labels: { upstream: string; revision: string; outcome: string }, ms: number): void;
  /** Adds metrics of one service, as Prometheus reads them, each with its line feed. */
  append(write: () => string): void;
  readonly contentType: string;
  text(): Promise<string>;
}

/** The labels of a finished request. */
export interface EndedRequest {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** The maximum number of revisions, which limits the series if an upstream sends arbitrary names. */
const MOST_REVISIONS = 50;

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** The method in logs and metrics; unusual ones are `other`, because callers can send any. */
export const knownMethod = (method: string): string => (METHODS.has(method) ? method : "other");

/** Makes the metrics of a service of the given revision. */
export function createMetrics({ revision }: { revision: string }): Metrics {
  const requests = createHistogram({
    name: "http_server_request_duration_seconds",
    help: "Time from the start of a request to its response.",
    labels: ["method", "route", "status", "revision"],
    bounds: SECONDS,
  });
  const upstreamCalls = createHistogram({
    name: "http_client_request_duration_seconds",
    help: "Time from a call to an upstream until its answer is read and checked, or until it fails.",
    labels: ["upstream", "revision", "outcome"],
    bounds: SECONDS,
  });
  const requestOf = memo((method: string) =>
    memo((route: string) =>
      memo((status: number) => requests.series(method, route, String(status), revision)),
    ),
  );
  const upstreamCallOf = memo((upstream: string) =>
    memo((from: string) => memo((outcome: string) => upstreamCalls.series(upstream, from, outcome))),
  );
  const revisions = new Set<string>();
  const appended: (() => string)[] = [];
  let processMetrics: Promise<() => Promise<string>> | undefined;

  // Most requests have the same labels as the previous one.
  let last: EndedRequest = { method: "", route: "", status: 0 };
  let seriesOfLast: Series | undefined;

  function bounded(name: string): string {
    if (revisions.has(name)) return name;
    if (revisions.size >= MOST_REVISIONS) return "other";
    revisions.add(name);
    return name;
  }

  return {
    request(of, ms) {
      if (of.route !== last.route || of.status !== last.status || of.method !== last.method) {
        last = of;
        seriesOfLast = requestOf(knownMethod(of.method))(of.route)(of.status);
      }
      seriesOfLast?.observe(ms / 1000);
    },
    upstreamCall({ upstream, revision: from, outcome }, ms) {
      upstreamCallOf(upstream)(bounded(from))(outcome).observe(ms / 1000);
    },
    append: (write) => void appended.push(write),
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    async text() {
      processMetrics ??= readProcessMetrics();
      const ofProcess = await processMetrics;
      const own = appended.map((write) => `${write()}\n`).join("");
      return `${requests.text()}\n${upstreamCalls.text()}\n${own}${await ofProcess()}`;
    },
  };
}

/** Caches the results of `make` by key. */
function memo<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) made.set(key, (value = make(key)));
    return value;
  };
}

/**
 * The process metrics of prom-client that are correct on Bun; its others are always zero there. They are loaded by the
 * first scrape, so that they do not delay a cold start.
 */
async function readProcessMetrics(): Promise<() => Promise<string>> {
  const [{ default: Registry }, ...parts] = await Promise.all([
    import("prom-client/lib/registry.js"),
    import("prom-client/lib/metrics/processCpuTotal.js"),
    import("prom-client/lib/metrics/processStartTime.js"),
    import("prom-client/lib/metrics/osMemoryHeap.js"),
    import("prom-client/lib/metrics/processOpenFileDescriptors.js"),
    import("prom-client/lib/metrics/processMaxFileDescriptors.js"),
    import("prom-client/lib/metrics/heapSizeAndUsed.js"),
  ]);
  const registry = new Registry();
  for (const { default: register } of parts) register(registry);
  return () => registry.metrics();
}
