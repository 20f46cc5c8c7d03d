import type { ContestantName } from "./contestant.ts";
import type { Finish } from "./race.ts";

/** Some races of one scenario at one load: the part of a worker. */
export interface Task {
  /** Its place in the list of all tasks. */
  id: number;
  /** The place of the scenario in `SCENARIOS`. */
  scenario: number;
  rate: number;
  seeds: number[];
}

export interface Done {
  id: number;
  finishes: Record<ContestantName, Finish>[];
}
