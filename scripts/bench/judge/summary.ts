import { CONTESTANTS, type ContestantName } from "./contestant.ts";
import type { Finish } from "./race.ts";
import { SCENARIOS, type Scenario, SHORT_HORIZON } from "./scenarios.ts";

/** The results of one judge in all races of a cell. */
export interface Result {
  /** The number of rollbacks within ten minutes, and within two hours. */
  rolledBackShort: number;
  rolledBack: number;
  /** Seconds at which a tenth, half and nine tenths of all rollouts were rolled back; null if fewer ever were. */
  rollbackAt: { p10: number | null; p50: number | null; p90: number | null };
  /** The number of healthy verdicts or promotions, and the seconds for half of all. */
  healthy: number;
  healthyAt: number | null;
  /** The mean number of requests harmed in two hours. */
  harmed: number;
}

/** A scenario at a load. */
export interface Cell {
  scenario: string;
  kind: Scenario["kind"];
  /** The share of the baseline's requests that fail. */
  baseline: number;
  /** Requests a second. */
  load: number;
  runs: number;
  /** The accepted share of false rollbacks, if it is not alpha; see `Scenario`. */
  accepted?: number;
  results: Record<ContestantName, Result>;
}

export function summarise(
  scenario: number,
  load: number,
  finishes: readonly Record<ContestantName, Finish>[],
): Cell {
  const { name, kind, baseline, accepted } = SCENARIOS[scenario] as Scenario;
  const results = CONTESTANTS.map((contestant) => [
    contestant,
    resultOf(finishes.map((finish) => finish[contestant])),
  ]);
  return {
    scenario: name,
    kind,
    baseline,
    load,
    runs: finishes.length,
    ...(accepted === undefined ? {} : { accepted }),
    results: Object.fromEntries(results) as Record<ContestantName, Result>,
  };
}

function resultOf(finishes: readonly Finish[]): Result {
  const rollbacks = sortedTimes(finishes.map(({ rolledBackAt }) => rolledBackAt));
  const healthy = sortedTimes(finishes.map(({ healthyAt }) => healthyAt));
  const at = (p: number): number | null => quantileOf(rollbacks, finishes.length, p);
  return {
    rolledBackShort: rollbacks.filter((t) => t <= SHORT_HORIZON).length,
    rolledBack: rollbacks.length,
    rollbackAt: { p10: at(0.1), p50: at(0.5), p90: at(0.9) },
    healthy: healthy.length,
    healthyAt: quantileOf(healthy, finishes.length, 0.5),
    harmed: finishes.reduce((sum, { harmed }) => sum + harmed, 0) / Math.max(1, finishes.length),
  };
}

function sortedTimes(times: readonly number[]): number[] {
  return times.filter((t) => t >= 0).sort((a, b) => a - b);
}

/** A quantile of all runs, from the times of those that have one; null if the quantile is beyond them. */
function quantileOf(sorted: readonly number[], runs: number, p: number): number | null {
  return sorted[Math.max(0, Math.ceil(p * runs) - 1)] ?? null;
}
