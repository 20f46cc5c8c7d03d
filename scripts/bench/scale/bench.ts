import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { count } from "../../format.ts";
import { commandTimes } from "./commands.ts";
import { judgeSpeeds } from "./judges.ts";
import { rolloutMemory } from "./rollouts.ts";
import { type ScaleContext, startTime, throughput } from "./mesh.ts";
import type { Figure } from "../figure.ts";
import type { Curve, ScaleReport } from "./report.ts";

export interface ScaleOptions {
  project: string;
  rounds: number;
  /** The largest number of VirtualServices and rules; the sizes are the powers of ten up to it. */
  most: number;
  say(text: string): void;
}

const MOST_REVISIONS = 1000;
const MOST_ROLLOUTS = 50;

/** Measures how costs grow with the work. @throws when something does not answer, or a command fails */
export async function benchScale({ project, rounds, most, say }: ScaleOptions): Promise<ScaleReport> {
  const scratch = await mkdtemp(join(tmpdir(), "kyc-scale-"));
  const [at, load] = [new Date().toISOString(), loadavg()[0] ?? 0];
  const machine = `${cpus()[0]?.model.trim() ?? "unknown"}, ${cpus().length} processors, Bun ${Bun.version}`;
  try {
    const context: ScaleContext = { project, scratch, rounds, sizes: powersOfTen(most), say };
    const revisions = powersOfTen(Math.min(most, MOST_REVISIONS)).filter((size) => size > 1);
    say(`judge: up to ${MOST_ROLLOUTS} rollouts side by side`);
    const curves = [
      ...(await throughput(context)),
      await startTime(context, revisions),
      ...(await commandTimes(context)),
      ...judgeSpeeds([1, 10, MOST_ROLLOUTS], rounds),
      rolloutMemory(MOST_ROLLOUTS, [100_000, 200_000]),
    ];
    return { at, machine, rounds, load, curves, figures: figuresOf(curves) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function powersOfTen(most: number): number[] {
  return Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, i) => 10 ** i);
}

interface Target {
  unit: Curve["unit"];
  of: string;
  name?: string;
  /** The minimum ratio of the largest size to the smallest. */
  keeps?: number;
  /** The maximum ratio of the largest size to the smallest. */
  growsTo?: number;
  /** The maximum at the largest size. */
  atMost?: number;
}

const TARGETS: readonly Target[] = [
  { unit: "requests/s", of: "VirtualServices", keeps: 0.9 },
  { unit: "requests/s", of: "rules of one VirtualService", keeps: 0.9 },
  { unit: "ms", of: "VirtualServices", name: "an edit of one file until it is in force", atMost: 150 },
  { unit: "ms", of: "revisions at zero", atMost: 3000 },
  { unit: "ms", of: "VirtualServices", name: "./kyc lint", atMost: 10_000 },
  { unit: "ms", of: "rules", atMost: 10_000 },
  { unit: "events/s", of: "rollouts side by side", keeps: 0.9 },
  { unit: "KiB", of: "requests", growsTo: 1.05 },
];

/** The figures with targets, of the measured curves. */
export function figuresOf(curves: readonly Curve[]): Figure[] {
  return TARGETS.flatMap((target): Figure[] => {
    const curve = curves.find(
      ({ unit, of, name }) =>
        unit === target.unit && of === target.of && (target.name === undefined || target.name === name),
    );
    const [first, last] = [curve?.points[0], curve?.points.at(-1)];
    if (curve === undefined || first === undefined || last === undefined) return [];
    const name = `${curve.name}, ${count(last.size)} ${curve.of}`;
    const { keeps, growsTo, atMost = Number.POSITIVE_INFINITY } = target;
    const ratio = last.value / first.value;
    if (growsTo !== undefined)
      return [
        {
          name,
          wanted: `at most ${growsTo} × that after ${count(first.size)}`,
          reached: `${ratio.toFixed(2)} ×, ${count(last.value)} KiB`,
          ok: ratio <= growsTo,
        },
      ];
    if (keeps === undefined)
      return [
        {
          name,
          wanted: `at most ${count(atMost)} ms`,
          reached: `${count(last.value)} ms`,
          ok: last.value <= atMost,
        },
      ];
    const wanted = `at least ${keeps} × those with ${count(first.size)}`;
    return [{ name, wanted, reached: `${ratio.toFixed(2)} ×`, ok: ratio >= keeps }];
  });
}
