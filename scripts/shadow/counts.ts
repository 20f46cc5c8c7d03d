import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";

const Count = Type.Integer({ minimum: 0 });
const Alone = Type.Object({ candidate: Count, control: Count });
const Changes = { fail: Count, pass: Count, mismatch: Count };
const AloneByChange = Type.Object({ fail: Alone, pass: Alone, mismatch: Alone });
const Only = Type.Object({ pairs: Count, found: Count });
const Name = Type.String({ pattern: "^[A-Za-z_][\\w.-]*$", maxLength: 200 });

const FieldCounts = Type.Object({
  pairs: Count,
  table: Type.Object({ passPass: Count, passFail: Count, failPass: Count, failFail: Count }),
  changes: Type.Object(Changes),
  alone: AloneByChange,
  repeated: Type.Object({ pairs: Count, ...Changes }),
  only: Type.Object({ control: Only, candidate: Only }),
});

/** The response of the shadow service at `/shadow/counts`. */
export const ShadowCounts = Type.Object({
  instance: Type.String(),
  startedMs: Count,
  pairs: Count,
  received: Count,
  unconfirmed: Count,
  dropped: Type.Record(Type.String(), Count),
  revisions: Type.Object({ control: Type.Array(Type.String()), candidate: Type.Array(Type.String()) }),
  ignored: Type.Array(Type.Object({ name: Name, reason: Type.String() })),
  fields: Type.Record(Name, FieldCounts),
  segments: Type.Array(
    Type.Object({
      field: Name,
      value: Type.String({ maxLength: 40 }),
      fields: Type.Record(Name, Type.Object({ pairs: Count, alone: AloneByChange })),
    }),
  ),
  mismatches: Type.Array(
    Type.Object({ hash: Type.String({ pattern: "^[0-9a-f]+$" }), atMs: Count, changes: Type.Array(Name) }),
  ),
});

export type ShadowCounts = Static<typeof ShadowCounts>;
export type FieldCounts = Static<typeof FieldCounts>;

/** How a field changes from the control to the candidate. */
export type Change = "fail" | "pass" | "mismatch";

/** Parses the counts in a shadow service's response; undefined for any other response. */
export function readCounts(value: unknown): ShadowCounts | undefined {
  return Check(ShadowCounts, value) ? value : undefined;
}

const KEPT_MISMATCHES = 20;

/**
 * The counts of a comparison over all of its processes. The counts of a killed process are lost, except for those
 * read before.
 */
export class CountsOverTime {
  #ended: ShadowCounts | undefined;
  #latest: ShadowCounts | undefined;

  get now(): ShadowCounts | undefined {
    return this.#latest && this.#ended ? added(this.#ended, this.#latest) : (this.#latest ?? this.#ended);
  }

  see(counts: ShadowCounts): void {
    if (this.#latest !== undefined && this.#latest.instance !== counts.instance)
      this.#ended = this.#ended === undefined ? this.#latest : added(this.#ended, this.#latest);
    this.#latest = counts;
  }
}

function added(before: ShadowCounts, after: ShadowCounts): ShadowCounts {
  const fields = { ...before.fields };
  for (const [name, counts] of Object.entries(after.fields))
    fields[name] = fields[name] === undefined ? counts : summed(fields[name], counts);
  const segments = new Map(before.segments.map((each) => [`${each.field} ${each.value}`, each]));
  for (const each of after.segments) {
    const key = `${each.field} ${each.value}`;
    const known = segments.get(key);
    segments.set(
      key,
      known === undefined ? each : { ...each, fields: summedRecords(known.fields, each.fields) },
    );
  }
  return {
    ...after,
    startedMs: before.startedMs,
    pairs: before.pairs + after.pairs,
    received: before.received + after.received,
    unconfirmed: before.unconfirmed + after.unconfirmed,
    dropped: summedRecords(before.dropped, after.dropped),
    revisions: {
      control: [...new Set([...before.revisions.control, ...after.revisions.control])],
      candidate: [...new Set([...before.revisions.candidate, ...after.revisions.candidate])],
    },
    fields,
    segments: [...segments.values()],
    mismatches: [...before.mismatches, ...after.mismatches].slice(-KEPT_MISMATCHES),
  };
}

function summedRecords<T extends number | object>(
  a: Record<string, T>,
  b: Record<string, T>,
): Record<string, T> {
  const sums = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const known = sums[name];
    sums[name] = known === undefined ? value : summed(known, value);
  }
  return sums;
}

/** The sum of two trees of numbers of one shape. */
function summed<T extends number | object>(a: T, b: T): T {
  if (typeof a === "number" && typeof b === "number") return (a + b) as T;
  const entries = Object.entries(a).map(([key, value]: [string, unknown]) => {
    const other: unknown = Object.entries(b).find(([name]) => name === key)?.[1];
    return [key, summed(value as number | object, (other ?? 0) as number | object)];
  });
  return Object.fromEntries(entries) as T;
}
