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
  rounds: number;
  /** What the machine did besides, as its load average when the run began. */
  load: number;
  curves: Curve[];
  figures: Figure[];
}
