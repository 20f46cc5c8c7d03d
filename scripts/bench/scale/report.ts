import type { Figure } from "../figure.ts";

/** A cost by size. */
export interface Curve {
  name: string;
  /** What grows, such as rules. */
  of: string;
  unit: "requests/s" | "ms" | "events/s" | "MiB" | "KiB";
  points: { size: number; value: number }[];
}

/** One run of the benchmark. */
export interface ScaleReport {
  /** The start time, ISO 8601. */
  at: string;
  /** Processor, number of processors, Bun. */
  machine: string;
  rounds: number;
  /** The load average at the start. */
  load: number;
  curves: Curve[];
  figures: Figure[];
}
