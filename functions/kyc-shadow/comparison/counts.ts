import type { Change, ComparedField } from "./compare.ts";

/** The number of changes by the candidate alone and by the control's first answer alone. */
export interface AloneCounts {
  candidate: number;
  control: number;
}

/** The counts of one field. */
export interface FieldCounts {
  /** Pairs in which both versions have the field. */
  pairs: number;
  /** Pairs by the control's first answer and the candidate's: pass or fail; empty for fields with other values. */
  table: { passPass: number; passFail: number; failPass: number; failFail: number };
  /** Changes from the control's first answer to the candidate's, including the control's own noise. */
  changes: Record<Change, number>;
  alone: Record<Change, AloneCounts>;
  /** Requests that the control got twice regardless of the candidate's answer, to measure its noise. */
  repeated: { pairs: number } & Record<Change, number>;
  /** Pairs in which only one version has the field, and how often it fails there. */
  only: Record<"control" | "candidate", { pairs: number; found: number }>;
}

/** The counts of a field within a segment. */
export interface SegmentCounts {
  pairs: number;
  alone: Record<Change, AloneCounts>;
}

/** A mismatch for review: the keyed hash of its subject, and the changes, such as `field.fail`. */
export interface Mismatch {
  readonly hash: string;
  readonly atMs: number;
  readonly changes: string[];
}

/** A compared request. */
export interface Compared {
  readonly fields: readonly ComparedField[];
  readonly segments: readonly { field: string; value: string }[];
  /** Whether the control was called twice at random, not because of a difference. */
  readonly isRepeated: boolean;
  readonly hash: string;
  readonly atMs: number;
}

/** The counts as data. */
export interface CountsData {
  pairs: number;
  fields: Record<string, FieldCounts>;
  segments: { field: string; value: string; fields: Record<string, SegmentCounts> }[];
  mismatches: Mismatch[];
}

const MOST_FIELDS = 100;
const MOST_VALUES = 40;
/** Segments with fewer pairs are not shown, because they would reveal data of single persons. */
export const LEAST_SHOWN = 20;

/** Counts compared requests. Otherwise it keeps only the last mismatches, by hash. */
export class Counts {
  #pairs = 0;
  readonly #fields = new Map<string, FieldCounts>();
  readonly #segments = new Map<string, Map<string, Map<string, SegmentCounts>>>();
  readonly #mismatches: Mismatch[] = [];
  readonly #most: number;

  /** @param most the maximum number of mismatches that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  add({ fields, segments, isRepeated, hash, atMs }: Compared): void {
    this.#pairs++;
    const changes: string[] = [];
    for (const field of fields) {
      const counts = this.#field(field.name);
      if (counts === undefined) continue;
      countField(counts, field, isRepeated);
      if (field.candidateAlone !== undefined) changes.push(`${field.name}.${field.candidateAlone}`);
      if (field.on !== "both") continue;
      for (const segment of segments) countAlone(this.#segment(segment, field.name), field);
    }
    if (changes.length === 0) return;
    this.#mismatches.push({ hash, atMs, changes });
    if (this.#mismatches.length > this.#most) this.#mismatches.shift();
  }

  data(): CountsData {
    const segments = [...this.#segments].flatMap(([field, values]) =>
      [...values].map(([value, fields]) => ({
        field,
        value,
        fields: Object.fromEntries([...fields].filter(([, { pairs }]) => pairs >= LEAST_SHOWN)),
      })),
    );
    return {
      pairs: this.#pairs,
      fields: Object.fromEntries(this.#fields),
      segments: segments.filter(({ fields }) => Object.keys(fields).length > 0),
      mismatches: [...this.#mismatches],
    };
  }

  #field(name: string): FieldCounts | undefined {
    const known = this.#fields.get(name);
    if (known !== undefined || this.#fields.size >= MOST_FIELDS) return known;
    const counts = noFieldCounts();
    this.#fields.set(name, counts);
    return counts;
  }

  #segment({ field, value }: { field: string; value: string }, name: string): SegmentCounts {
    const values = made(this.#segments, field, () => new Map<string, Map<string, SegmentCounts>>());
    const known = values.has(value) || values.size < MOST_VALUES ? value : "other";
    return made(
      made(values, known, () => new Map<string, SegmentCounts>()),
      name,
      () => ({ pairs: 0, alone: noChanges(() => ({ candidate: 0, control: 0 })) }),
    );
  }
}

function countField(counts: FieldCounts, field: ComparedField, isRepeated: boolean): void {
  const { on, control, candidate, change, repeated } = field;
  if (on !== "both") {
    counts.only[on].pairs++;
    if ((on === "control" ? control : candidate) !== true) counts.only[on].found++;
    return;
  }
  countAlone(counts, field);
  if (control !== undefined && candidate !== undefined)
    counts.table[`${control ? "pass" : "fail"}${candidate ? "Pass" : "Fail"}`]++;
  if (change !== undefined) counts.changes[change]++;
  if (!isRepeated || repeated === undefined) return;
  counts.repeated.pairs++;
  if (repeated !== "same") counts.repeated[repeated]++;
}

function countAlone(counts: SegmentCounts, { candidateAlone, controlAlone }: ComparedField): void {
  counts.pairs++;
  if (candidateAlone !== undefined) counts.alone[candidateAlone].candidate++;
  if (controlAlone !== undefined) counts.alone[controlAlone].control++;
}

function noFieldCounts(): FieldCounts {
  return {
    pairs: 0,
    table: { passPass: 0, passFail: 0, failPass: 0, failFail: 0 },
    changes: noChanges(() => 0),
    alone: noChanges(() => ({ candidate: 0, control: 0 })),
    repeated: { pairs: 0, ...noChanges(() => 0) },
    only: { control: { pairs: 0, found: 0 }, candidate: { pairs: 0, found: 0 } },
  };
}

function noChanges<T>(make: () => T): Record<Change, T> {
  return { fail: make(), pass: make(), mismatch: make() };
}

/** The value of a key, created if it is missing. */
function made<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
