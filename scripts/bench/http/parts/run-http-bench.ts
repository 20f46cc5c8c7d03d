import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { findGenerator } from "../load/load.ts";
import { ABLATION_SIDES, ablate } from "./ablation.ts";
import type { BenchContext } from "./context.ts";
import { compareMeshes } from "./mesh.ts";
import { measureDev, measureService } from "./moments.ts";
import { compareAggregators, compareCreditChecks, compareScreenings } from "./services.ts";
import { canPin } from "../pinned-process.ts";
import type { Report } from "../report.ts";

export interface BenchOptions {
  project: string;
  /** The total duration of all measurements, in seconds, without starts and warm-ups. */
  budgetSeconds: number;
  rounds: number;
  /** Whether only the ablation runs: the services with one part left out at a time. */
  ablate: boolean;
  say(text: string): void;
}

// Five sides of the credit check, two of the aggregator, two of the screening, and three of the mesh at two loads.
const SIDES = 5 + 2 + 2 + 3 * 2;
const LEAST_SECONDS = 1;

/** Measures everything in one run. @throws when a side does not answer */
export async function benchHttp({
  project,
  budgetSeconds,
  rounds,
  ablate: isAblation,
  say,
}: BenchOptions): Promise<Report> {
  const scratch = await mkdtemp(join(tmpdir(), "kyc-bench-"));
  try {
    const skipped: string[] = [];
    const generator = await findGenerator();
    // wrk takes whole seconds.
    const seconds = Math.max(
      LEAST_SECONDS,
      Math.round(budgetSeconds / ((isAblation ? ABLATION_SIDES : SIDES) * rounds)),
    );
    const context: BenchContext = {
      project,
      scratch,
      generator,
      rounds,
      seconds,
      say,
      skip: (text) => skipped.push(text),
    };
    if (!canPin()) skipped.push("pinning each side to a processor: two processors and taskset are needed");
    const begun = { at: new Date().toISOString(), busy: loadavg()[0] ?? 0 };
    const run = { ...begun, machine: machine(), generator: generator.name, rounds, seconds, skipped };
    if (isAblation) return { ...run, comparisons: await ablate(context), figures: [] };
    const checks = await compareCreditChecks(context);
    const hops = await compareAggregators(context);
    const screenings = await compareScreenings(context);
    const mesh = await compareMeshes(context);
    const moments = [...(await measureService(context)), ...(await measureDev(context))];
    const parts = [checks, hops, screenings, ...(mesh === undefined ? [] : [mesh])];
    return {
      ...run,
      comparisons: parts.map(({ comparison }) => comparison),
      figures: [...parts.flatMap(({ figures }) => figures), ...moments],
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function machine(): Report["machine"] {
  const all = cpus();
  return { processor: all[0]?.model ?? "unknown", cores: all.length, bun: Bun.version };
}
