import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { assess } from "../../shadow/assess.ts";
import { ShadowCounts } from "../../shadow/counts.ts";
import type { Plan } from "../plan/plan.ts";

const Version = Type.Object({ revision: Type.String(), tag: Type.String() });

/** A shadow comparison as in its report; the verdict follows from the counts. */
export const ShadowEvidence = Type.Object({
  id: Type.String(),
  service: Type.String(),
  control: Version,
  candidate: Version,
  by: Type.String(),
  /** The mirrored share of requests, in percent. */
  percent: Type.Number(),
  beganMs: Type.Number(),
  endedMs: Type.Number(),
  isInterrupted: Type.Boolean(),
  verdict: Type.Enum(["accepted", "rejected", "undecided"]),
  because: Type.String(),
  criteria: Type.Array(
    Type.Object({
      field: Type.String(),
      change: Type.Enum(["fail", "pass", "mismatch", "found"]),
      limit: Type.Number(),
    }),
  ),
  counts: ShadowCounts,
});
export type ShadowEvidence = Static<typeof ShadowEvidence>;

/** Reads the report of a shadow comparison. @throws Error if the file is not one */
export async function readShadowReport(file: string): Promise<ShadowEvidence> {
  const value: unknown = JSON.parse(await readFile(file, "utf8"));
  if (Check(ShadowEvidence, value)) return value;
  throw new Error("it is not a report of ./kyc shadow");
}

/**
 * Returns the last shadow comparison of a rollout's candidate that ended before the rollout did, among the reports of
 * a folder.
 */
export async function shadowBefore(
  folder: string,
  { service, candidate }: Plan,
  endedMs: number,
): Promise<ShadowEvidence | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) =>
    new RegExp(`^shadow-${service}-[0-9a-f]+\\.json$`).test(name),
  );
  const reports = await Promise.all(
    names.map((name) => readShadowReport(join(folder, name)).catch(() => undefined)),
  );
  return reports
    .flatMap((report) => report ?? [])
    .filter((report) => report.candidate.revision === candidate && report.endedMs <= endedMs)
    .sort((a, b) => b.endedMs - a.endedMs)[0];
}

/** Returns the contradictions in a comparison, as sentences. */
export function shadowFindings(shadow: ShadowEvidence, plan: Plan): string[] {
  const { verdict, because } = assess(shadow.counts, shadow.criteria);
  const findings: string[] = [];
  if (verdict !== shadow.verdict || because !== shadow.because)
    findings.push(
      `shadow: it says "${shadow.verdict}: ${shadow.because}", and its counts lead to "${verdict}: ${because}"`,
    );
  if (shadow.candidate.revision !== plan.candidate || shadow.service !== plan.service)
    findings.push(`shadow: it compares ${shadow.candidate.revision} of ${shadow.service}`);
  return findings;
}
