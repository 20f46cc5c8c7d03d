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

/** A worker has loaded, and listens: what is sent before may be lost. */
export interface Ready {
  kind: "ready";
}

export interface Done {
  kind: "done";
  id: number;
  finishes: Record<ContestantName, Finish>[];
}
