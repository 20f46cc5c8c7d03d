import type { Engine } from "../../engines/engine.ts";
import type { OutcomeSource } from "../../sources/source.ts";
import type { Entry, Journal, Request } from "../journal/journal.ts";
import type { State } from "../machine/state.ts";
import type { Clock } from "../clock.ts";
import type { Warm } from "./effects.ts";
import type { MakeJudge, Ruling } from "./judging.ts";
import type { OutcomeRecorder } from "./outcome-recorder.ts";

/** What a rollout tells of itself. */
export interface RolloutEvents {
  /** A transition was written down and made. Resolves when it has been told; a rollout goes on only then. */
  onEntry(entry: Entry, recorder: OutcomeRecorder, ruling: Ruling): Promise<void> | void;
  /** Several times a second. */
  onBeat(state: State, recorder: OutcomeRecorder, ruling: Ruling, nowMs: number): void;
  /** Something did not work and is tried again. */
  onTrouble(what: string): void;
}

export interface RunnerOptions {
  engine: Engine;
  /** Reports what becomes of the requests. */
  source: OutcomeSource;
  journal: Journal;
  clock: Clock;
  makeJudge: MakeJudge;
  warm?: Warm | undefined;
  events: RolloutEvents;
  /** Comes when another process may have taken over: nothing is written from then on. */
  lost: AbortSignal;
  /** What the person at this terminal asks for, taken once. */
  asked: () => Omit<Request, "atMs"> | undefined;
  /** How often is looked whether something is to be decided. @default 250 */
  beatMs?: number;
  /** How often is looked whether somebody else changed the split. @default 1000 */
  watchMs?: number;
}
