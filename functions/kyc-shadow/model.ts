import { t, type Static } from "elysia";
import type { Progress } from "./comparer.ts";
import type { Rules } from "./comparison/compare.ts";

const count = () => t.Integer({ minimum: 0 });
const alone = t.Object({ candidate: count(), control: count() });
const changesOf = { fail: count(), pass: count(), mismatch: count() };
const aloneOf = t.Object({ fail: alone, pass: alone, mismatch: alone });
const only = t.Object({ pairs: count(), found: count() });

const FieldCounts = t.Object({
  pairs: count(),
  table: t.Object({ passPass: count(), passFail: count(), failPass: count(), failFail: count() }),
  changes: t.Object(changesOf),
  alone: aloneOf,
  repeated: t.Object({ pairs: count(), ...changesOf }),
  only: t.Object({ control: only, candidate: only }),
});

/** The counts of a comparison so far. */
export const ShadowCounts = t.Object(
  {
    instance: t.String({ description: "The id of the process; a new process counts from zero" }),
    startedMs: count(),
    pairs: count(),
    received: count(),
    running: count(),
    unconfirmed: count(),
    dropped: t.Record(t.String(), count()),
    revisions: t.Object({ control: t.Array(t.String()), candidate: t.Array(t.String()) }),
    ignored: t.Array(t.Object({ name: t.String(), reason: t.String() })),
    fields: t.Record(t.String(), FieldCounts),
    segments: t.Array(
      t.Object({
        field: t.String(),
        value: t.String(),
        fields: t.Record(t.String(), t.Object({ pairs: count(), alone: aloneOf })),
      }),
    ),
    mismatches: t.Array(t.Object({ hash: t.String(), atMs: count(), changes: t.Array(t.String()) })),
  },
  { description: "Only counts, keyed hashes and field names of the compared requests and answers" },
);
export type ShadowCounts = Static<typeof ShadowCounts>;

/** The response with the counts. */
export function shadowCounts(
  { counts, dropped, received, running, unconfirmed, revisions }: Progress,
  { ignored }: Rules,
  { instance, startedMs }: { instance: string; startedMs: number },
): ShadowCounts {
  return {
    instance,
    startedMs,
    ...counts.data(),
    received,
    running,
    unconfirmed,
    dropped: { ...dropped },
    revisions: { control: [...revisions.control], candidate: [...revisions.candidate] },
    ignored: [...ignored].map(([name, reason]) => ({ name, reason })),
  };
}

/** The metrics of a comparison, in the text format of Prometheus. */
export function shadowMetrics({ counts, dropped, received, running }: Progress): string {
  const { pairs, fields } = counts.data();
  const changes = Object.entries(fields).flatMap(([field, { alone }]) =>
    Object.entries(alone).flatMap(([change, by]) =>
      Object.entries(by).map(
        ([side, value]) =>
          `kyc_shadow_alone_total{field="${field}",change="${change}",side="${side}"} ${value}`,
      ),
    ),
  );
  return [
    "# HELP kyc_shadow_received_total Mirrored requests that came in.",
    "# TYPE kyc_shadow_received_total counter",
    `kyc_shadow_received_total ${received}`,
    "# HELP kyc_shadow_dropped_total Mirrored requests that were not compared.",
    "# TYPE kyc_shadow_dropped_total counter",
    ...Object.entries(dropped).map(
      ([reason, value]) => `kyc_shadow_dropped_total{reason="${reason}"} ${value}`,
    ),
    "# HELP kyc_shadow_pairs_total Requests whose answers were compared.",
    "# TYPE kyc_shadow_pairs_total counter",
    `kyc_shadow_pairs_total ${pairs}`,
    "# HELP kyc_shadow_running Comparisons under way.",
    "# TYPE kyc_shadow_running gauge",
    `kyc_shadow_running ${running}`,
    "# HELP kyc_shadow_alone_total Changes of a field that one answer alone makes.",
    "# TYPE kyc_shadow_alone_total counter",
    ...changes,
  ]
    .map((line) => `${line}\n`)
    .join("");
}
