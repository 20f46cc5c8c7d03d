import type { KeyObject } from "node:crypto";
import { NotRendered } from "../../traffic/render/traffic-block.ts";
import { AuditLine, hashOf } from "../audit/audit-line.ts";
import type { Saved } from "../journal/journal.ts";
import { lastOf } from "../journal/journal.ts";
import { next } from "../machine/next.ts";
import { initialState } from "../machine/state.ts";
import { personOf } from "../machine/transitions.ts";
import type { Plan } from "../plan/plan.ts";
import { verdictOf } from "../outcomes/step-evidence.ts";
import { trafficJudge } from "../rollout-judge/traffic-judge.ts";
import { compared } from "./equality.ts";
import { peopleOf, splitsOf } from "./record.ts";
import { parsed, type Parts, partsIn } from "./record-parts.ts";
import { type Recomputed, replay, rulingDifference } from "./replay.ts";
import { shadowFindings } from "./shadow-evidence.ts";
import { opened } from "./seal.ts";

/** A verdict behind a transition, and the verdict recomputed from the outcomes. */
export interface CheckedVerdict {
  entry: number;
  from: string;
  to: string;
  verdict: string;
  because: string;
  /** The number of outcomes judged until then; null if the record lacks them. */
  outcomes: number | null;
}

/** The result of checking a record. */
export interface CheckedRecord {
  rollout: string;
  service: string;
  sealedAt: string;
  /** The fingerprint of the key that sealed it. */
  key: string;
  /** The findings, as sentences; empty if all parts agree. */
  findings: string[];
  verdicts: CheckedVerdict[];
  /** The number of outcomes judged in all. */
  outcomes: number;
  /** What the record cannot prove, as sentences. */
  limits: string[];
}

/**
 * Checks a record offline: its seal, that states follow from events and verdicts from outcomes, and that all parts
 * agree. Nothing else is read.
 */
export function verifyRecord(bytes: Uint8Array, key: KeyObject): CheckedRecord {
  const none = { rollout: "", service: "", sealedAt: "", key: "", verdicts: [], outcomes: 0, limits: [] };
  const open = opened(bytes, key);
  if ("changed" in open) return { ...none, findings: open.changed };
  const parts = partsIn(open.lines);
  if ("findings" in parts) return { ...none, findings: parts.findings };
  const { head, saved } = parts;
  const found = new Findings(parts);
  const { outcomes, gaps, decisions } = replay(saved.plan.settings, trafficJudge, parts.evidence);
  const verdicts = found.verdicts(decisions);
  if (parts.audit.length === 0) found.limits.push("It holds no line of the audit log.");
  if (parts.evidence.length === 0)
    found.limits.push("It holds no outcomes, so no verdict can be computed again.");
  found.limits.push(...gaps.map((gap) => `${gap}.`));
  const { rollout, service } = head;
  const { findings, limits } = found;
  return { rollout, service, sealedAt: open.at, key: open.key, findings, verdicts, outcomes, limits };
}

/** Collects contradictions between the parts. */
class Findings {
  readonly findings: string[] = [];
  readonly limits: string[] = [];
  readonly #saved: Saved;
  readonly #plan: Plan;

  constructor(parts: Parts) {
    this.#saved = parts.saved;
    this.#plan = parts.saved.plan;
    this.#transitions();
    this.#people(parts);
    if (!same(parts.splits, { part: "splits", ...splitsOf(parts.saved) }))
      this.findings.push("splits: they are not those of the plan and of the last entry");
    if (parts.head.rollout !== this.#plan.id || parts.head.phase !== lastOf(parts.saved).phase)
      this.findings.push("record: it names another rollout or end than the journal");
    this.#equality(parts);
    this.#audit(parts.audit);
    if (parts.shadow !== null) this.findings.push(...shadowFindings(parts.shadow, this.#plan));
  }

  /** Compares each verdict that caused a transition with the one recomputed from the outcomes. */
  verdicts(decisions: readonly Recomputed[]): CheckedVerdict[] {
    const byEntry = new Map(decisions.map((decision) => [decision.kept.entry, decision]));
    return this.#saved.entries.flatMap(({ seq, event, state }, i): CheckedVerdict[] => {
      const decision = byEntry.get(seq);
      const difference = decision?.again && rulingDifference(decision.kept, decision.again);
      if (difference !== undefined) this.findings.push(`entry ${seq}: ${difference}`);
      if (event?.type !== "verdict") return [];
      const { verdict, because } = event;
      if (decision?.again !== undefined) {
        const again = verdictOf(this.#plan, decision.again, decision.kept.coveredMs);
        if (again.verdict !== verdict || again.because !== because)
          this.findings.push(
            `entry ${seq}: it acts on "${verdict}: ${because}", and its outcomes lead to "${again.verdict}: ${again.because}"`,
          );
      } else this.limits.push(`Entry ${seq} acts on a verdict whose outcomes are not in the record.`);
      const from = this.#saved.entries[i - 1]?.state.phase ?? "";
      const outcomes = decision?.again === undefined ? null : decision.outcomes;
      return [{ entry: seq, from, to: state.phase, verdict, because, outcomes }];
    });
  }

  /** Checks that each state follows from the previous one by the event. */
  #transitions(): void {
    const { entries } = this.#saved;
    const plan = this.#plan;
    const { targets, version } = plan.original;
    const first = initialState({ targets, version }, plan.atMs);
    for (const [i, { seq, event, state }] of entries.entries()) {
      const before = entries[i - 1]?.state;
      const right = before === undefined || event === null ? first : next(plan, before, event);
      if (seq !== i) this.findings.push(`entry ${seq}: entry ${i} is expected in its place`);
      else if (!same(right, state))
        this.findings.push(`entry ${seq}: its state does not follow from the one before by its event`);
    }
  }

  #people({ people, saved }: Parts): void {
    if (!same(people, { part: "people", ...peopleOf(saved) }))
      this.findings.push("people: they are not those of the plan and the journal");
    for (const { percent, by } of people.approvals)
      if (personOf(by) === personOf(people.asked.by))
        this.findings.push(`people: ${percent} % was approved by ${by}, who started the rollout`);
  }

  #equality({ equality, splits }: Parts): void {
    for (const proof of equality.proofs) {
      try {
        const { verdict, cells } = compared(proof);
        if (verdict !== proof.verdict || cells !== proof.cells)
          this.findings.push(
            `equality: the split ${proof.split} is said to be ${proof.verdict}, and is found ${verdict}`,
          );
      } catch (error) {
        if (!(error instanceof NotRendered)) throw error;
        this.findings.push(`equality: the split ${proof.split} cannot be compared: ${error.message}`);
      }
      const missing = splits[proof.split].filter(({ revision }) => !proof.knative.includes(revision));
      if (missing.length > 0)
        this.findings.push(`equality: the split ${proof.split} is not about ${missing[0]?.revision}`);
      if (proof.verdict !== "equal")
        this.findings.push(`equality: by Knative and by Istio the split ${proof.split} is ${proof.verdict}`);
    }
    for (const { split, because } of equality.missing)
      this.limits.push(`The split ${split} is not compared between the engines: ${because}.`);
  }

  #audit(lines: readonly string[]): void {
    const { entries } = this.#saved;
    let head: string | undefined;
    for (const [i, text] of lines.entries()) {
      const line = parsed(AuditLine, text);
      if (line === undefined) {
        this.findings.push(`audit line ${i + 1}: it is not a line of an audit log`);
        return;
      }
      if (head !== undefined && line.prev !== head)
        this.findings.push(`audit line ${i + 1}: it does not follow the one before`);
      head = hashOf(text);
      const entry = entries[line.entry];
      const at = new Date(entry?.event?.atMs ?? this.#plan.atMs).toISOString();
      const agrees =
        entry !== undefined &&
        line.rollout === this.#plan.id &&
        line.to === entry.state.phase &&
        line.because === entry.state.reason &&
        line.at === at &&
        same(line.split, entry.state.written.targets);
      if (!agrees) this.findings.push(`audit line ${i + 1}: it differs from entry ${line.entry}`);
    }
  }
}

/** Whether two values are equal as JSON. */
function same(a: unknown, b: unknown): boolean {
  return Bun.deepEquals(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)), true);
}
