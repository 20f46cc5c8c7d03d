import type { Settings } from "../plan/settings.ts";
import type { RolloutJudge, MakeJudge, Ruling } from "../rollout-judge/rollout-judge.ts";
import type { DecisionLine, EvidenceLine } from "./evidence-line.ts";
import { batchesOf } from "./outcome-line.ts";

/** The judge's ruling at a transition: as recorded, and as recomputed from the outcomes. */
export interface Recomputed {
  kept: DecisionLine["decision"];
  /** Undefined if the record lacks the outcomes before it. */
  again: Ruling | undefined;
  /** The number of outcomes judged until then. */
  outcomes: number;
}

export interface Replay {
  decisions: Recomputed[];
  outcomes: number;
  /** The missing parts of the evidence, as sentences. */
  gaps: string[];
}

/** Judges the outcomes of a rollout again, and compares the ruling at each decision. */
export function replay(settings: Settings, makeJudge: MakeJudge, lines: readonly EvidenceLine[]): Replay {
  const wanted = new Set(lines.flatMap((line) => ("begin" in line ? [line.begin.from] : [])));
  const snapshots = new Map<number, unknown>();
  const decisions: Recomputed[] = [];
  const gaps: string[] = [];
  let judge: RolloutJudge | undefined;
  let outcomes = 0;
  for (const line of lines) {
    if ("begin" in line) judge = begun(line.begin.from);
    else if ("snapshot" in line) judge = restored(line.mark, line.snapshot);
    else if ("mark" in line) {
      if (judge !== undefined && wanted.has(line.mark)) snapshots.set(line.mark, judge.snapshot());
    } else if ("gap" in line) {
      gaps.push(`${line.gap} lines of outcomes could not be written when they were judged`);
      judge = undefined;
    } else if ("check" in line) {
      judge?.compare?.(line.check);
    } else if ("decision" in line) {
      const { decision: kept } = line;
      decisions.push({ kept, again: judge?.ruling(kept.next / 100), outcomes });
    } else {
      for (const batch of batchesOf(line)) {
        judge?.observe(batch);
        outcomes += batch.reduce((sum, { count }) => sum + count, 0);
      }
    }
  }
  return { decisions, outcomes, gaps };

  function begun(from: number | null): RolloutJudge | undefined {
    if (from === null) return makeJudge(settings, undefined);
    if (snapshots.has(from)) return restored(from, snapshots.get(from), false);
    gaps.push(`the outcomes before ${new Date(from).toISOString()}, when a process continued, were not kept`);
    return undefined;
  }

  function restored(mark: number, snapshot: unknown, isFromFile = true): RolloutJudge | undefined {
    const made = makeJudge(settings, structuredClone(snapshot));
    if (isFromFile && judge === undefined)
      gaps.push(
        `the judge's state at ${new Date(mark).toISOString()} is taken as recorded; the outcomes before it were removed`,
      );
    if (made.restored) return made;
    gaps.push(
      `the judge's state at ${new Date(mark).toISOString()} is of another version, and cannot be read`,
    );
    return undefined;
  }
}

/** The tolerance of evidence between machines, whose logarithms differ in the last digits. */
const CLOSE = 1e-6;

/** Returns how a ruling differs from the recorded one; undefined if it does not. */
export function rulingDifference(kept: DecisionLine["decision"], again: Ruling): string | undefined {
  if (again.verdict !== kept.verdict)
    return `the verdict is ${kept.verdict}, and its outcomes lead to ${again.verdict}: ${again.because}`;
  const names = kept.evidence.map(({ name }) => name);
  const differing = again.evidence.find(({ name, value, threshold }, i) => {
    const before = kept.evidence[i];
    const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= CLOSE * Math.max(1, Math.abs(a));
    return (
      before === undefined ||
      before.name !== name ||
      !isClose(before.value, value) ||
      !isClose(before.threshold, threshold)
    );
  });
  if (differing !== undefined || names.length !== again.evidence.length)
    return `the evidence for "${differing?.name ?? names.at(-1)}" is not what its outcomes lead to`;
  const check = kept.checks?.find(({ name, says }, i) => {
    const own = again.checks?.[i];
    return own?.name !== name || own.says !== says;
  });
  if (check !== undefined)
    return `the check ${check.name} is recorded to have found ${check.says}, which does not follow from its values`;
  return again.because === kept.because
    ? undefined
    : `its reason is "${kept.because}", and its outcomes lead to "${again.because}"`;
}
