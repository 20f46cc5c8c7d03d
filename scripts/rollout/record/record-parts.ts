import type { Static, TSchema } from "typebox";
import { Check } from "typebox/schema";
import type { Saved } from "../journal/journal.ts";
import { EvidenceLine } from "./evidence-line.ts";
import type { ShadowEvidence } from "./shadow-evidence.ts";
import { EqualityPart, FORMAT, Head, People, PlanPart, RecordPart, Splits } from "./record.ts";

/** The parts of a record, each checked against its schema. */
export interface Parts {
  head: Static<typeof Head>;
  people: Static<typeof People>;
  splits: Static<typeof Splits>;
  equality: Static<typeof EqualityPart>;
  shadow: ShadowEvidence | null;
  saved: Saved;
  audit: string[];
  evidence: EvidenceLine[];
}

/** Returns the parts in the lines of a record, or findings if it has another format or lacks a part. */
export function partsIn(lines: readonly string[]): Parts | { findings: string[] } {
  const parts: RecordPart[] = [];
  for (const [i, line] of lines.entries()) {
    const value = parsed(RecordPart, line);
    if (value === undefined)
      return { findings: [`line ${i + 1}: it is not part of a record of format ${FORMAT}`] };
    parts.push(value);
  }
  const head = parts.find((part) => Check(Head, part));
  if (head === undefined || head.format !== FORMAT)
    return {
      findings: [
        `the record has the format ${head?.format ?? "unknown"}; this version reads format ${FORMAT}`,
      ],
    };
  const plan = parts.find((part) => Check(PlanPart, part))?.plan;
  const people = parts.find((part) => Check(People, part));
  const splits = parts.find((part) => Check(Splits, part));
  const equality = parts.find((part) => Check(EqualityPart, part));
  const shadow = parts.find((part) => part.part === "shadow");
  const entries = parts.flatMap((part) => (part.part === "journal" ? [part.entry] : []));
  if (
    plan === undefined ||
    people === undefined ||
    splits === undefined ||
    equality === undefined ||
    shadow === undefined ||
    entries.length === 0
  )
    return { findings: ["a part is missing: plan, people, splits, equality, shadow and journal are needed"] };
  const evidence: EvidenceLine[] = [];
  for (const [i, part] of parts.entries()) {
    if (part.part !== "outcomes") continue;
    const line = parsed(EvidenceLine, part.line);
    if (line === undefined)
      return { findings: [`line ${i + 1} (outcomes): it is not a line of the judge's evidence`] };
    evidence.push(line);
  }
  const audit = parts.flatMap((part) => (part.part === "audit" ? [part.line] : []));
  const saved = { plan, entries, checkpoint: undefined };
  return { head, people, splits, equality, shadow: shadow.shadow, saved, audit, evidence };
}

/** Parses a line of JSON by a schema; undefined for any other text. */
export function parsed<S extends TSchema>(schema: S, text: string): Static<S> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Check(schema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
