import { digits, ms } from "../../format.ts";
import type { SideResult } from "./rounds.ts";

/** A figure and its target. */
export interface Figure {
  name: string;
  value: number;
  unit: "×" | "ms" | "MiB";
  /** The lower or upper bound. */
  target: { atLeast: number } | { atMost: number };
  met: boolean;
  /** The origin of the value. */
  note: string;
}

/** The measurements of sides that do the same work. */
export interface Comparison {
  title: string;
  sides: SideResult[];
}

/** The result of a run, as printed by `-o json` and shown in the table and the page. */
export interface Report {
  /** The start time, ISO 8601. */
  at: string;
  machine: { processor: string; cores: number; bun: string };
  /** The load average at the start: with more than a little, the figures are not reliable. */
  busy: number;
  generator: string;
  rounds: number;
  /** Seconds of one measurement. */
  seconds: number;
  comparisons: Comparison[];
  figures: Figure[];
  /** The skipped measurements, and why. */
  skipped: string[];
}

/** Whether a figure meets its target. */
export function figure(
  name: string,
  value: number,
  unit: Figure["unit"],
  target: Figure["target"],
  note: string,
): Figure {
  const met = "atLeast" in target ? value >= target.atLeast : value <= target.atMost;
  return { name, value, unit, target, met, note };
}

/** Formats a value with its significant digits; a ratio is never rounded up to its target. */
export function written(value: number, unit: string): string {
  if (unit === "×") return `${(Math.floor(value * 100 + 1e-9) / 100).toFixed(2)}×`;
  return unit === "ms" ? ms(value) : `${digits(value)} ${unit}`;
}

/** `≥ 0.80×` or `≤ 120 ms`. */
export function writtenTarget({ target, unit }: Figure): string {
  return "atLeast" in target ? `≥ ${written(target.atLeast, unit)}` : `≤ ${written(target.atMost, unit)}`;
}
