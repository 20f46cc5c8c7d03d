import { Check } from "typebox/schema";
import { lastOf, type Saved } from "../journal/journal.ts";
import type { Phase } from "../machine/state.ts";
import type { Settings } from "../plan/settings.ts";
import type { Target } from "../plan/targets.ts";
import type { CheckEvidence } from "../rollout-judge/rollout-judge.ts";
import { viewOfSaved } from "../run/saved-rollouts.ts";
import { doing } from "../run/view.ts";
import type { Failure } from "../outcomes/failures.ts";
import { Checkpoint, type Moment } from "../outcomes/timeline.ts";
import { distribution, emptyTally, quantile, type Side } from "../tally.ts";

/** A revision in a report. Times are milliseconds; null without requests. */
export interface ReportSide {
  revision: string;
  requests: number;
  errors: number;
  median: number | null;
  p90: number | null;
  p99: number | null;
  latency: { ms: number; part: number }[];
}

/** A decision in a report. */
export interface Decision {
  atMs: number;
  from: Phase | null;
  to: Phase;
  /** The phase in words, with the share. */
  doing: string;
  by: string;
  because: string;
}

/** The data of a report: the JSON file next to the page. */
export interface ReportData {
  id: string;
  service: string;
  engine: string;
  place: string;
  by: string;
  beganMs: number;
  endedMs: number;
  /** When the report was written: after the end, or during the rollout. */
  writtenMs: number;
  phase: Phase;
  reason: string;
  settings: Settings;
  steps: number[];
  candidate: ReportSide;
  baseline: ReportSide;
  gateway: number;
  others: number;
  excluded: Record<string, number>;
  /** The failed requests by revision, route and kind, with some ids. */
  failures: Failure[];
  /** The findings of the plan's checks. */
  checks: CheckEvidence[];
  decisions: Decision[];
  course: Moment[];
  original: Target[];
  /** The live split if another writer changed it, else the last written one. */
  final: Target[];
}

/** Collects the data of a rollout's report from its journal. */
export function reportData(saved: Saved, writtenMs: number): ReportData {
  const { plan, entries } = saved;
  const state = lastOf(saved);
  const checkpoint = Check(Checkpoint, saved.checkpoint) ? saved.checkpoint : undefined;
  const tally = checkpoint?.tally ?? emptyTally();
  const { id, service, engine, place, by, settings } = plan;
  return {
    id,
    service,
    engine,
    place,
    by,
    beganMs: plan.atMs,
    endedMs: entries.at(-1)?.event?.atMs ?? plan.atMs,
    writtenMs,
    phase: state.phase,
    reason: state.reason,
    settings,
    steps: plan.steps.map(({ percent }) => percent),
    candidate: sideOf(plan.candidate, tally.candidate),
    baseline: sideOf(plan.baseline, tally.baseline),
    gateway: tally.gateway,
    others: tally.others,
    excluded: tally.excluded,
    failures: checkpoint?.failures ?? [],
    checks: viewOfSaved(saved, writtenMs).ruling?.checks ?? [],
    decisions: decisionsOf(saved),
    course: checkpoint?.course.moments ?? [],
    original: plan.original.targets,
    final: state.foreign?.targets ?? state.written.targets,
  };
}

function sideOf(revision: string, side: Side): ReportSide {
  const at = (part: number): number | null => quantile(side, part) ?? null;
  const { requests, errors } = side;
  return {
    revision,
    requests,
    errors,
    median: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    latency: distribution(side),
  };
}

function decisionsOf({ plan, entries }: Saved): Decision[] {
  return entries.flatMap(({ event, state }, i) => {
    const from = entries[i - 1]?.state.phase ?? null;
    if (from === state.phase && event?.type !== "asked") return [];
    const by = event?.type === "asked" ? event.by : event === null ? plan.by : "the rollout";
    const atMs = event?.atMs ?? plan.atMs;
    return [{ atMs, from, to: state.phase, doing: doing(plan, state), by, because: state.reason }];
  });
}
