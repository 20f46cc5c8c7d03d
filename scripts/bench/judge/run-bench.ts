import type { ContestantName } from "./contestant.ts";
import { MEDIANS } from "./figures.ts";
import type { Done, Ready, Task } from "./messages.ts";
import type { Finish } from "./race.ts";
import { LOADS, SCENARIOS } from "./scenarios.ts";
import { type Cell, summarise } from "./summary.ts";

export interface RunOptions {
  /** Rollouts of each scenario at each load; a third of them for good candidates at the highest load, which are judged for two hours. */
  reps: number;
  seed: number;
  /** Runs only the scenarios whose name contains one of these; all if there is none. */
  only: readonly string[];
  /** The number of workers. */
  workers: number;
  signal: AbortSignal;
  progress(done: number, of: number): void;
}

/** The number of races in a task: few enough that all workers finish at about the same time. */
const BATCH = 20;
const FEWER_FROM = 100;
/** A median with a target needs more precision than the others. */
const MORE_WHERE_ASKED = 4;

/**
 * Races all judges through all scenarios at all loads.
 * @throws the signal's reason when it is aborted
 */
export async function runBench(options: RunOptions): Promise<Cell[]> {
  options.signal.throwIfAborted();
  const { tasks, cells } = plan(options);
  const queue = [...tasks].sort((a, b) => b.rate - a.rate);
  let done = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const workers = Array.from({ length: Math.min(options.workers, tasks.length) }, () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    const next = (): void => {
      const task = queue.shift();
      if (task !== undefined) worker.postMessage(task);
    };
    worker.onmessage = ({ data }: MessageEvent<Done | Ready>): void => {
      if (data.kind === "ready") return next();
      for (const finish of data.finishes) cells[cellOf(tasks, data.id)]?.finishes.push(finish);
      done++;
      options.progress(done, tasks.length);
      if (done === tasks.length) resolve();
      else next();
    };
    worker.onerror = ({ message }: ErrorEvent): void => reject(new Error(`a worker failed: ${message}`));
    return worker;
  });
  const abort = (): void => reject(options.signal.reason);
  options.signal.addEventListener("abort", abort);
  try {
    if (tasks.length > 0) await promise;
  } finally {
    options.signal.removeEventListener("abort", abort);
    for (const worker of workers) worker.terminate();
  }
  return cells.map(({ scenario, rate, finishes }) => summarise(scenario, rate, finishes));
}

/** The scenarios that are run. */
export function chosen(only: readonly string[]): number[] {
  const all = SCENARIOS.map((_, i) => i);
  if (only.length === 0) return all;
  return all.filter((i) => only.some((part) => SCENARIOS[i]?.name.includes(part)));
}

interface Raw {
  scenario: number;
  rate: number;
  finishes: Record<ContestantName, Finish>[];
}

function plan({ reps, seed, only }: RunOptions): { tasks: (Task & { cell: number })[]; cells: Raw[] } {
  const tasks: (Task & { cell: number })[] = [];
  const cells: Raw[] = [];
  for (const scenario of chosen(only)) {
    for (const rate of LOADS) {
      const long = rate >= FEWER_FROM && SCENARIOS[scenario]?.kind === "good";
      const asked = MEDIANS.some(([name, load]) => name === SCENARIOS[scenario]?.name && load === rate);
      const runs = long ? Math.ceil(reps / 3) : asked ? reps * MORE_WHERE_ASKED : reps;
      const cell = cells.push({ scenario, rate, finishes: [] }) - 1;
      const seeds = Array.from({ length: runs }, (_, i) => mixed(seed, scenario, rate * 100, i));
      for (let i = 0; i < runs; i += BATCH) {
        tasks.push({ id: tasks.length, cell, scenario, rate, seeds: seeds.slice(i, i + BATCH) });
      }
    }
  }
  return { tasks, cells };
}

function cellOf(tasks: readonly { cell: number }[], id: number): number {
  return tasks[id]?.cell ?? -1;
}

/** Combines several numbers into one seed, so that similar numbers do not give similar seeds. */
function mixed(...numbers: number[]): number {
  return Bun.hash.murmur32v3(numbers.join(" ")) | 0;
}
