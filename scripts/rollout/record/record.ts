import type { KeyObject } from "node:crypto";
import Type, { type Static } from "typebox";
import { Entry, lastOf, type Saved } from "../journal/journal.ts";
import { Phase } from "../machine/state.ts";
import { Plan } from "../plan/plan.ts";
import { Target } from "../plan/targets.ts";
import { Versions } from "./evidence-line.ts";
import { Equality, equalityOf } from "./equality.ts";
import { ShadowEvidence } from "./shadow-evidence.ts";
import { sealed } from "./seal.ts";

/** The version of the format. A reader for another version refuses the file. */
export const FORMAT = 1;

const Named = <Name extends string, Properties extends Type.TProperties>(
  name: Name,
  properties: Properties,
) => Type.Object({ part: Type.Literal(name), ...properties });

/** The first line: the rollout, and the place and version of its record. */
export const Head = Named("record", {
  format: Type.Integer(),
  rollout: Type.String(),
  service: Type.String(),
  phase: Phase,
  writtenAtMs: Type.Number(),
  writtenBy: Type.String(),
  engine: Type.String(),
  place: Type.String(),
  source: Type.String(),
  versions: Versions,
});

export const PlanPart = Named("plan", { plan: Plan });

/** The person who started it, with the approvals and decisions. */
export const People = Named("people", {
  asked: Type.Object({ by: Type.String(), atMs: Type.Number() }),
  approvals: Type.Array(Type.Object({ percent: Type.Number(), by: Type.String() })),
  commands: Type.Array(
    Type.Object({ by: Type.String(), atMs: Type.Number(), command: Type.String(), why: Type.String() }),
  ),
});

export const Splits = Named("splits", { before: Type.Array(Target), after: Type.Array(Target) });

/** Both splits in the languages of both engines, or why a split cannot be expressed so. */
export const EqualityPart = Named("equality", {
  proofs: Type.Array(Equality),
  missing: Type.Array(Type.Object({ split: Type.String(), because: Type.String() })),
});

/** The last shadow comparison before the end of the rollout; null if there was none. */
export const Shadow = Named("shadow", { shadow: Type.Union([ShadowEvidence, Type.Null()]) });

/** A transition of the journal. */
export const JournalPart = Named("journal", { entry: Entry });

/** A line of the audit log, unchanged. */
export const AuditPart = Named("audit", { line: Type.String() });

/** A line of the judge's evidence, as written when it was judged. */
export const OutcomesPart = Named("outcomes", { line: Type.String() });

export const RecordPart = Type.Union([
  Head,
  PlanPart,
  People,
  Splits,
  EqualityPart,
  Shadow,
  JournalPart,
  AuditPart,
  OutcomesPart,
]);
export type RecordPart = Static<typeof RecordPart>;

/** The inputs of a record. */
export interface RecordSources {
  saved: Saved;
  /** The lines of the audit log of this rollout. */
  audit: readonly string[];
  /** The lines of the judge's evidence. */
  evidence: readonly string[];
  shadow?: ShadowEvidence | undefined;
  namespace: string;
  writtenBy: string;
  writtenAtMs: number;
  versions: Versions;
}

/** Writes the record of a rollout, one part per line, and seals it with a key. */
export function recordOf(sources: RecordSources, key: KeyObject): string {
  const parts = partsOf(sources).map((part) => JSON.stringify(part));
  return sealed(parts, key, new Date(sources.writtenAtMs).toISOString());
}

function partsOf(sources: RecordSources): RecordPart[] {
  const { saved, audit, evidence, namespace, writtenBy, writtenAtMs, versions } = sources;
  const { plan, entries } = saved;
  const { phase } = lastOf(saved);
  const splits = splitsOf(saved);
  const proofs = (["before", "after"] as const).map((split) => ({
    split,
    result: equalityOf(split, plan.service, namespace, splits[split]),
  }));
  return [
    {
      part: "record",
      format: FORMAT,
      rollout: plan.id,
      service: plan.service,
      phase,
      writtenAtMs,
      writtenBy,
      engine: plan.engine,
      place: plan.place,
      source: `${plan.source.name}, ${plan.source.place}`,
      versions,
    },
    { part: "plan", plan },
    { part: "people", ...peopleOf(saved) },
    { part: "splits", ...splits },
    {
      part: "equality",
      proofs: proofs.flatMap(({ result }) => ("because" in result ? [] : [result])),
      missing: proofs.flatMap(({ split, result }) =>
        "because" in result ? [{ split, because: result.because }] : [],
      ),
    },
    { part: "shadow", shadow: sources.shadow ?? null },
    ...entries.map((entry): RecordPart => ({ part: "journal", entry })),
    ...audit.map((line): RecordPart => ({ part: "audit", line })),
    ...evidence.map((line): RecordPart => ({ part: "outcomes", line })),
  ];
}

/** Returns the person who started a rollout, with the approvals and decisions, from its journal. */
export function peopleOf(saved: Saved): Omit<Static<typeof People>, "part"> {
  const { plan, entries } = saved;
  return {
    asked: { by: plan.by, atMs: plan.atMs },
    approvals: lastOf(saved).approvals ?? [],
    commands: entries.flatMap(({ event }) => {
      if (event?.type !== "asked") return [];
      const { by, atMs, command, why } = event;
      return [{ by, atMs, command, why }];
    }),
  };
}

/** Returns the split before a rollout, and after it: the live one if another writer changed it. */
export function splitsOf(saved: Saved): Omit<Static<typeof Splits>, "part"> {
  const { foreign, written } = lastOf(saved);
  return { before: saved.plan.original.targets, after: foreign?.targets ?? written.targets };
}
