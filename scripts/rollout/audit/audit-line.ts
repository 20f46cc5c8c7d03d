import { createHash } from "node:crypto";
import Type, { type Static } from "typebox";
import { Phase } from "../machine/state.ts";
import { Target } from "../plan/targets.ts";

const Counts = Type.Object({ requests: Type.Integer(), errors: Type.Integer() });

/** A line of the audit log: a decision, with what it rests on. */
export const AuditLine = Type.Object({
  /** The SHA-256, in hexadecimal, of the line before without its end; 64 zeros for the first. */
  prev: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  at: Type.String(),
  rollout: Type.String(),
  service: Type.String(),
  engine: Type.String(),
  place: Type.String(),
  candidate: Type.String(),
  baseline: Type.String(),
  /** The journal's entry. */
  entry: Type.Integer(),
  from: Type.Union([Phase, Type.Null()]),
  to: Phase,
  /** Who caused it: a person, or the rollout by itself. */
  by: Type.String(),
  because: Type.String(),
  /** The split that is ours at that moment, and the one that is set out for. */
  split: Type.Array(Target),
  goal: Type.Union([Type.Array(Target), Type.Null()]),
  /** Null where the process ended before it could tell. */
  evidence: Type.Union([
    Type.Array(Type.Object({ name: Type.String(), value: Type.Number(), threshold: Type.Number() })),
    Type.Null(),
  ]),
  requests: Type.Union([Type.Object({ candidate: Counts, baseline: Counts }), Type.Null()]),
});
export type AuditLine = Static<typeof AuditLine>;

/** What the first line stands upon. */
export const BEGINNING = "0".repeat(64);

/** What the next line has to name. @param line without its end */
export function hashOf(line: string): string {
  return createHash("sha256").update(line, "utf8").digest("hex");
}
