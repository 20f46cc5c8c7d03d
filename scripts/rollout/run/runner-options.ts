import type { Engine } from "../../engines/engine.ts";
import type { OutcomeSource } from "../../sources/source.ts";
import type { Entry, Journal, Request } from "../journal/journal.ts";
import type { State } from "../machine/state.ts";
import type { Clock } from "../clock.ts";
import type { Warm } from "./effects.ts";
import type { CheckSample, MakeJudge, Ruling } from "../rollout-judge/rollout-judge.ts";
import type { EvidenceLog } from "../record/evidence-log.ts";
import type { OutcomeRecorder } from "../outcomes/outcome-recorder.ts";

/** The notifications of a rollout. */
export interface RolloutEvents {
  /** Called after a transition was journaled and made. The rollout waits for the promise. */
  onEntry(entry: Entry, recorder: OutcomeRecorder, ruling: Ruling): Promise<void> | void;
  /** Called several times per second. */
  onBeat(state: State, recorder: OutcomeRecorder, ruling: Ruling, nowMs: number): void;
  /** Called when an operation failed; it is retried. */
  onTrouble(what: string): void;
}

export interface RunnerOptions {
  engine: Engine;
  /** Reports the outcomes of the requests. */
  source: OutcomeSource;
  journal: Journal;
  clock: Clock;
  makeJudge: MakeJudge;
  warm?: Warm | undefined;
  /** Reads the values of the plan's checks; checks without a current value are omitted. */
  checks?: ((signal: AbortSignal) => Promise<Omit<CheckSample, "atMs">[]>) | undefined;
  /** Records the judge's observations for the record of the rollout. */
  evidence?: EvidenceLog | undefined;
  events: RolloutEvents;
  /** Aborted when another process may have taken over. Nothing is written from then on. */
  lost: AbortSignal;
  /** Returns the command of the person at this terminal, once. */
  asked: () => Omit<Request, "atMs"> | undefined;
  /** The interval between decisions, in milliseconds. @default 250 */
  beatMs?: number;
  /** The interval between saves of the judge's state and of its observations, in milliseconds. @default 3000 */
  checkpointMs?: number;
  /** The interval between checks for changes by another writer, in milliseconds. @default 1000 */
  watchMs?: number;
}
