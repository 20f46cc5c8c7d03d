import { createHash } from "node:crypto";
import Type, { type Static } from "typebox";
import { Phase } from "../machine/state.ts";
import { Target } from "../plan/targets.ts";

const Counts = Type.Object({ requests: Type.Integer(), errors: Type.Integer() });

/** A line of the audit log: a decision and its evidence. */
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
  /** The actor: a person, or the rollout itself. */
  by: Type.String(),
  because: Type.String(),
  /** The rollout's split at that moment, and the next one to write. */
  split: Type.Array(Target),
  goal: Type.Union([Type.Array(Target), Type.Null()]),
  /** Null if the process ended before it recorded them. */
  evidence: Type.Union([
    Type.Array(Type.Object({ name: Type.String(), value: Type.Number(), threshold: Type.Number() })),
    Type.Null(),
  ]),
  requests: Type.Union([Type.Object({ candidate: Counts, baseline: Counts }), Type.Null()]),
});
export type AuditLine = Static<typeof AuditLine>;

/** The previous hash of the first line. */
export const BEGINNING = "0".repeat(64);

/** The hash that the next line refers to. @param line without its line break */
export function hashOf(line: string): string {
  return createHash("sha256").update(line, "utf8").digest("hex");
}
