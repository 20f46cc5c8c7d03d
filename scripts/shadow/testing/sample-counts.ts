import type { Change, FieldCounts, ShadowCounts } from "../counts.ts";

/** Returns counts of a comparison without differences, with the changes of a test. */
export function sampleCounts(more: Partial<ShadowCounts> = {}): ShadowCounts {
  return {
    instance: "one",
    startedMs: 1_000,
    pairs: 0,
    received: 0,
    unconfirmed: 0,
    dropped: { busy: 0 },
    revisions: { control: ["echo-a"], candidate: ["echo-b"] },
    ignored: [],
    fields: {},
    segments: [],
    mismatches: [],
    ...more,
  };
}

/** A boolean field that passes in all pairs except where only the candidate or only the control fails. */
export function directed(
  pairs: number,
  alone: Partial<Record<Change, { candidate: number; control: number }>> = {},
): FieldCounts {
  const of = aloneCounts(alone);
  const passFail = of.fail.candidate;
  return {
    pairs,
    table: { passPass: pairs - passFail, passFail, failPass: 0, failFail: 0 },
    changes: { fail: passFail, pass: 0, mismatch: 0 },
    alone: of,
    repeated: { pairs: 0, fail: 0, pass: 0, mismatch: 0 },
    only: { control: { pairs: 0, found: 0 }, candidate: { pairs: 0, found: 0 } },
  };
}

/** How often only one answer makes each change. */
export function aloneCounts(
  alone: Partial<Record<Change, { candidate: number; control: number }>> = {},
): FieldCounts["alone"] {
  const none = { candidate: 0, control: 0 };
  return { fail: none, pass: none, mismatch: none, ...alone };
}
