import type { ContestantName } from "./contestant.ts";
import type { Finish } from "./race.ts";

/** A worker's task: some races of one scenario at one load. */
export interface Task {
  /** Its index in the list of all tasks. */
  id: number;
  /** The index of the scenario in `SCENARIOS`. */
  scenario: number;
  rate: number;
  seeds: number[];
}

/** A worker has loaded and listens; earlier messages may be lost. */
export interface Ready {
  kind: "ready";
}

export interface Done {
  kind: "done";
  id: number;
  finishes: Record<ContestantName, Finish>[];
}
