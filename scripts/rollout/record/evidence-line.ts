import Type, { type Static } from "typebox";
import { EvidenceName } from "../outcomes/timeline.ts";
import { OutcomeLine } from "./outcome-line.ts";

const Counts = Type.Object({ requests: Type.Integer(), errors: Type.Integer() });

/** The versions of this tool and of Bun that judged or wrote a record, and the platform. */
export const Versions = Type.Object({ kyc: Type.String(), bun: Type.String(), platform: Type.String() });
export type Versions = Static<typeof Versions>;

/** A process begins to judge: from scratch, or from the judge's state at an earlier mark. */
export const BeginLine = Type.Object({
  begin: Type.Object({
    from: Type.Union([Type.Number(), Type.Null()]),
    atMs: Type.Number(),
    versions: Versions,
  }),
});

/** A moment, in milliseconds since the epoch, at which the judge's state was saved. */
export const MarkLine = Type.Object({ mark: Type.Number() });

/** The judge's state at a mark; earlier lines were dropped because the file had reached its limit. */
export const SnapshotLine = Type.Object({ mark: Type.Number(), snapshot: Type.Unknown() });

/** The number of lines that could not be written; nothing can be recomputed until the next snapshot. */
export const GapLine = Type.Object({ gap: Type.Integer() });

/** The values of a check for both revisions. */
export const CheckLine = Type.Object({
  check: Type.Object({
    atMs: Type.Number(),
    check: Type.String(),
    candidate: Type.Number(),
    baseline: Type.Number(),
  }),
});

/** The judge's ruling when a transition was made. */
export const DecisionLine = Type.Object({
  decision: Type.Object({
    /** The journal's entry. */
    entry: Type.Integer(),
    /** The share in percent that the candidate would get next. */
    next: Type.Number(),
    /** How much of the step the reported outcomes covered, in milliseconds. */
    coveredMs: Type.Number(),
    verdict: Type.Enum(["healthy", "regressed", "undecided"]),
    because: Type.String(),
    evidence: Type.Array(Type.Object({ name: EvidenceName, value: Type.Number(), threshold: Type.Number() })),
    /** The findings of the plan's checks. */
    checks: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          value: Type.Number(),
          threshold: Type.Number(),
          says: Type.String(),
        }),
      ),
    ),
    requests: Type.Object({ candidate: Counts, baseline: Counts }),
  }),
});

/** A line of an evidence file, in chronological order. */
export const EvidenceLine = Type.Union([
  BeginLine,
  SnapshotLine,
  MarkLine,
  GapLine,
  CheckLine,
  DecisionLine,
  OutcomeLine,
]);
export type EvidenceLine = Static<typeof EvidenceLine>;
export type DecisionLine = Static<typeof DecisionLine>;
