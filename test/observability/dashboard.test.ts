import { expect, test } from "bun:test";
import { createMetrics } from "../../functions/shared/telemetry/metrics.ts";
import { openTracing } from "../../functions/shared/tracing/open-tracing.ts";
import { loadConfiguration } from "../../scripts/mesh/configuration.ts";
import { MeshMetrics } from "../../scripts/mesh/observe/mesh-metrics.ts";
import { Observer } from "../../scripts/mesh/observe/observer.ts";
import { rolloutMetrics } from "../../scripts/rollout/journal/journal-metrics.ts";
import { sampleToRun } from "../sample.ts";
import { dashboardQueries, readDashboard, readRules } from "./observability-files.ts";

/** Each selector in this project's queries has braces, so the name before them is a metric. */
const METRIC = /[a-zA-Z_:][\w:]*(?=\{)/g;
const TYPE = /^# TYPE (\S+) (\S+)$/gm;

/** The names of all series that services, mesh and rollouts export, by their declared types. */
async function exported(): Promise<Set<string>> {
  await using sample = await sampleToRun();
  const loaded = await loadConfiguration(sample.root);
  const observer = new Observer(Date.now);
  observer.applied(loaded);
  const log = { info() {}, error() {} };
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
  const tracing = await openTracing({ env, service: "a", version: undefined, log });
  const texts = [
    await createMetrics({ revision: "a" }).text(),
    new MeshMetrics().text({ loaded, observer, revisions: new Map(), faults: { faults: [], yaml: "" } }),
    await rolloutMetrics("/nowhere"),
    tracing?.metrics() ?? "",
  ];
  const names = new Set<string>();
  for (const [, name = "", type] of texts.join("\n").matchAll(TYPE)) {
    const endings = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    for (const ending of endings) names.add(`${name}${ending}`);
  }
  return names;
}

const rules = await readRules();
const queries = [
  ...(await dashboardQueries()),
  ...rules.map(({ record = "", alert = record, expr }) => ({ at: alert, expr })),
];

test("services, mesh, rollouts or rules export each metric of the dashboard and the rules", async () => {
  const known = await exported();
  for (const { record } of rules) if (record !== undefined) known.add(record);
  const unknown = queries.flatMap(({ at, expr }) => {
    const names = expr.match(METRIC) ?? [];
    return names.length === 0
      ? [`${at}: no metric`]
      : names.filter((name) => !known.has(name)).map((name) => `${at}: ${name}`);
  });
  expect(unknown).toEqual([]);
});

test("each recording rule is used, and panels do not overlap", async () => {
  const used = new Set(queries.flatMap(({ expr }) => expr.match(METRIC) ?? []));
  expect(rules.flatMap(({ record }) => (record === undefined || used.has(record) ? [] : [record]))).toEqual(
    [],
  );
  const { panels } = await readDashboard();
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});
