import type { Figure } from "../figure.ts";
import { figuresOf } from "./figures.ts";
import { runBench, type RunOptions } from "./run-bench.ts";
import { measureSpeed, type Speed } from "./speed.ts";
import type { Cell } from "./summary.ts";

/** The result of a benchmark run. */
export interface BenchResult {
  seed: number;
  reps: number;
  cells: Cell[];
  figures: Figure[];
  speed: Speed;
}

/** Runs the benchmark. The speed is measured first, before workers occupy the cores. */
export async function benchJudge(options: RunOptions, now: () => number): Promise<BenchResult> {
  const speed = measureSpeed(now);
  const cells = await runBench(options);
  return { seed: options.seed, reps: options.reps, cells, figures: figuresOf(cells, speed), speed };
}
