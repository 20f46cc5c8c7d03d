import type { Figure } from "../figure.ts";

/** A cost against a size. */
export interface Curve {
  name: string;
  /** What grows, such as rules. */
  of: string;
  unit: "requests/s" | "ms" | "events/s" | "MiB" | "KiB";
  points: { size: number; value: number }[];
}

/** One run of the benchmark. */
export interface ScaleReport {
  /** When it began, ISO 8601. */
  at: string;
  /** Processor, number of processors, Bun. */
  machine: string;
  rounds: number;
  /** What the machine did besides, as its load average when the run began. */
  load: number;
  curves: Curve[];
  figures: Figure[];
}
