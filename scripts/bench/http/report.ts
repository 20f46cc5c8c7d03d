import { digits, ms } from "../../format.ts";
import type { SideResult } from "./rounds.ts";

/** A figure and its target. */
export interface Figure {
  name: string;
  value: number;
  unit: "×" | "ms" | "MiB";
  /** The least that it should be, or the most. */
  target: { atLeast: number } | { atMost: number };
  met: boolean;
  /** Where the value comes from. */
  note: string;
}

/** Sides that do the same work, and what of it was measured. */
export interface Comparison {
  title: string;
  sides: SideResult[];
}

/** All of a run: what `-o json` prints, and what the table and the page show. */
export interface Report {
  /** When it began, ISO 8601. */
  at: string;
  machine: { processor: string; cores: number; bun: string };
  /** Processes that others had in the queue of the processors when it began: more than a little spoils the figures. */
  busy: number;
  generator: string;
  rounds: number;
  /** Seconds of one measurement. */
  seconds: number;
  comparisons: Comparison[];
  figures: Figure[];
  /** What was left out, and why. */
  skipped: string[];
}

/** A figure and whether it is what it should be. */
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

/** A value as people read it, with as many digits as mean something; a ratio is never rounded up to its target. */
export function written(value: number, unit: string): string {
  if (unit === "×") return `${(Math.floor(value * 100 + 1e-9) / 100).toFixed(2)}×`;
  return unit === "ms" ? ms(value) : `${digits(value)} ${unit}`;
}

/** `≥ 0.80×` or `≤ 120 ms`. */
export function writtenTarget({ target, unit }: Figure): string {
  return "atLeast" in target ? `≥ ${written(target.atLeast, unit)}` : `≤ ${written(target.atMost, unit)}`;
}
