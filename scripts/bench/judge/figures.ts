import type { Figure } from "../figure.ts";
import { count as written, digits, percent } from "../../format.ts";
import { logAbove } from "../../rollout/judge/statistics/bernoulli.ts";
import { CONTESTANTS, type ContestantName } from "./contestant.ts";
import type { Speed } from "./speed.ts";
import type { Cell, Result } from "./summary.ts";

const OURS: ContestantName = "kyc";
const PEERS = CONTESTANTS.filter((name) => !name.startsWith("kyc"));
const ALPHA = 0.01;

/** The target medians until a rollback: scenario, load, seconds. */
export const MEDIANS = [
  ["0.1 to 5 %", 5, 110],
  ["0.1 to 5 %", 20, 33],
  ["0.1 to 5 %", 100, 8],
  ["0.1 to 0.5 %", 100, 130],
  ["all errors", 5, 8],
] as const;

/** All figures that follow from the cells of the run. */
export function figuresOf(cells: readonly Cell[], speed: Speed): Figure[] {
  return [
    ...falseRollbacks(cells),
    ...falseRollbacksTogether(cells),
    ...MEDIANS.flatMap(([scenario, load, seconds]) => median(cells, scenario, load, seconds)),
    ...againstPeers(cells),
    ...totalHarm(cells),
    {
      name: "requests judged in a second, on one core",
      wanted: `at least ${written(1_000_000)}`,
      reached: written(speed.eventsPerSecond),
      ok: speed.eventsPerSecond >= 1_000_000,
      notes: [],
    },
  ];
}

/**
 * The peers that are compared in a cell: those without proof that they roll back more than 1 % of good candidates with the
 * same errors at the same load. A judge that always rolls back would find everything.
 */
export function comparable(cells: readonly Cell[], { baseline, load }: Cell): ContestantName[] {
  const equal = cells.find(
    (cell) => cell.scenario.startsWith("equal") && cell.baseline === baseline && cell.load === load,
  );
  return PEERS.filter((name) => equal !== undefined && !refuted(equal.results[name].rolledBack, equal.runs));
}

/** Whether `count` of `runs` proves, at odds of one in a thousand, more than the accepted share (default 1 %). */
export function refuted(count: number, runs: number, accepted = ALPHA): boolean {
  return count / Math.max(1, runs) > accepted && logAbove(runs, count, accepted) > Math.log(1000);
}

function falseRollbacks(cells: readonly Cell[]): Figure[] {
  const good = cells.filter(({ kind, accepted }) => kind === "good" && accepted === undefined);
  if (good.length === 0) return [];
  return (["kyc", "kyc by steps"] as const).map((name) => {
    const count = (cell: Cell): number => cell.results[name].rolledBack;
    const all = good.reduce((sum, cell) => sum + count(cell), 0);
    const runs = good.reduce((sum, cell) => sum + cell.runs, 0);
    const wrong = good.filter((cell) => refuted(count(cell), cell.runs));
    const worst = [...good].sort((a, b) => count(b) / b.runs - count(a) / a.runs)[0] as Cell;
    return {
      name: `false rollbacks within 2 h, ${name}`,
      wanted: "at most 1 % in each cell",
      reached: `${all} of ${runs} (${percent(all / runs)}); most in ${place(worst)}: ${count(worst)} of ${worst.runs}`,
      ok: wrong.length === 0,
      notes: wrong.map((cell) => `${place(cell)}: ${count(cell)} of ${cell.runs}, more than chance explains`),
    };
  });
}

/** Equal versions with clustered failures or latencies. */
function falseRollbacksTogether(cells: readonly Cell[]): Figure[] {
  return [
    ...Map.groupBy(
      cells.filter(({ accepted }) => accepted !== undefined),
      ({ scenario }) => scenario,
    ),
  ].map(([scenario, of]) => {
    const accepted = of[0]?.accepted ?? ALPHA;
    const count = (cell: Cell): number => cell.results[OURS].rolledBack;
    const wrong = of.filter((cell) => refuted(count(cell), cell.runs, accepted));
    const worst = of.toSorted((a, b) => count(b) / b.runs - count(a) / a.runs)[0] as Cell;
    return {
      name: `false rollbacks within 20 min, ${scenario}`,
      wanted: `at most ${percent(accepted)} at each load`,
      reached: `most at ${worst.load}/s: ${count(worst)} of ${worst.runs}`,
      ok: wrong.length === 0,
      notes: wrong.map((cell) => `${place(cell)}: ${count(cell)} of ${cell.runs}, more than chance explains`),
    };
  });
}

function median(cells: readonly Cell[], scenario: string, load: number, seconds: number): Figure[] {
  const cell = cells.find((one) => one.scenario === scenario && one.load === load);
  if (cell === undefined) return [];
  const { p50 } = cell.results[OURS].rollbackAt;
  return [
    {
      name: `median time to a rollback, ${place(cell)}`,
      wanted: `at most ${seconds} s`,
      reached: p50 === null ? "never" : `${digits(p50)} s`,
      ok: p50 !== null && p50 <= seconds,
      notes: [],
    },
  ];
}

function againstPeers(cells: readonly Cell[]): Figure[] {
  const pairs = cells
    .filter(({ kind }) => kind === "bad")
    .flatMap((cell) => comparable(cells, cell).map((peer) => ({ cell, peer })));
  if (pairs.length === 0) return [];
  const lessPower = pairs.filter(
    ({ cell, peer }) => !asMany(cell.results[OURS], cell.results[peer], cell.runs),
  );
  const moreHarm = pairs.filter(({ cell, peer }) => harmOf(cell) > cell.results[peer].harmed * 1.05);
  const tell = (wrong: typeof pairs, of: (result: Result, runs: number) => string): string[] =>
    wrong.map(({ cell, peer }) => {
      const [ours, theirs] = [of(cell.results[OURS], cell.runs), of(cell.results[peer], cell.runs)];
      return `${place(cell)}: ${ours}, ${peer} ${theirs}`;
    });
  const compared = `in ${pairs.length} comparisons with peers that do not roll back good candidates`;
  return [
    {
      name: "bad candidates found within 2 h",
      wanted: "no fewer than any such peer",
      reached: `fewer ${lessPower.length} times ${compared}`,
      ok: lessPower.length === 0,
      notes: tell(lessPower, ({ rolledBack }, runs) => percent(rolledBack / runs)),
    },
    {
      name: "requests harmed",
      wanted: "no more than by any such peer",
      reached: `more ${moreHarm.length} times ${compared}`,
      ok: moreHarm.length === 0,
      notes: tell(moreHarm, ({ harmed }) => digits(harmed)),
    },
  ];
}

function totalHarm(cells: readonly Cell[]): Figure[] {
  const bad = cells.filter(({ kind }) => kind === "bad");
  if (bad.length === 0) return [];
  const sum = (name: ContestantName): number =>
    bad.reduce((all, { results }) => all + results[name].harmed, 0);
  const [best] = [...PEERS].sort((a, b) => sum(a) - sum(b));
  if (best === undefined) return [];
  const ratio = sum(OURS) / sum(best);
  return [
    {
      name: "requests harmed in all bad scenarios",
      wanted: "at most a third of the best peer",
      reached: `${written(sum(OURS))} against ${written(sum(best))} (${best}): ${percent(ratio)}`,
      ok: ratio <= 1 / 3,
      notes: [],
    },
  ];
}

/** Whether one found as many as the other, within two standard errors. */
function asMany(ours: Result, theirs: Result, runs: number): boolean {
  const p = (ours.rolledBack + theirs.rolledBack) / (2 * runs);
  return ours.rolledBack >= theirs.rolledBack - 2 * Math.sqrt(2 * runs * p * (1 - p));
}

function harmOf(cell: Cell): number {
  return cell.results[OURS].harmed;
}

function place({ scenario, load }: Cell): string {
  return `${scenario} at ${load}/s`;
}
