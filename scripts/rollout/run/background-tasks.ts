import type { Outcome, OutcomeSource, WantedOutcomes } from "../../sources/source.ts";
import type { Plan } from "../plan/plan.ts";
import type { Clock } from "../clock.ts";
import type { Warm } from "./effects.ts";
import type { RunnerOptions } from "./runner-options.ts";
import type { OutcomeRecorder } from "../outcomes/outcome-recorder.ts";
import { messageOf } from "../../text/message-of.ts";

const RETRY_MS = 1_000;
const KEEP_WARM_MS = 20_000;

/** The options of the tasks that run in every phase of a rollout. */
export interface BackgroundOptions {
  source: OutcomeSource;
  clock: Clock;
  onTrouble(what: string): void;
}

/**
 * Passes outcomes to a recorder until the signal is aborted. A source that ends is reopened.
 * @param wanted the details that the source should report
 */
export async function hear(
  recorder: OutcomeRecorder,
  wanted: WantedOutcomes,
  options: BackgroundOptions,
  signal: AbortSignal,
): Promise<void> {
  const { source, clock, onTrouble } = options;
  const machine = new MachineClock(clock, source.lagMs, onTrouble);
  while (!signal.aborted) {
    try {
      for await (const outcomes of source.outcomes(signal, wanted))
        recorder.hear(machine.translated(outcomes));
      if (!signal.aborted) onTrouble("the source reports no more requests");
    } catch (error) {
      if (!signal.aborted) onTrouble(`cannot see the requests: ${messageOf(error)}`);
    }
    await clock.sleep(RETRY_MS, signal);
  }
}

const CHECK_EVERY_MS = 5_000;

/** Reads the values of checks every five seconds until the signal is aborted. */
export async function readChecks(
  read: NonNullable<RunnerOptions["checks"]>,
  recorder: OutcomeRecorder,
  { clock, onTrouble }: BackgroundOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(CHECK_EVERY_MS, signal);
    const sinceMs = clock.now() - CHECK_EVERY_MS;
    try {
      const samples = await read(signal);
      const atMs = Math.round(clock.now());
      recorder.compare(
        samples.map((sample) => ({ atMs, ...sample })),
        sinceMs,
      );
    } catch (error) {
      if (!signal.aborted) onTrouble(`cannot read the checks: ${messageOf(error)}`);
    }
  }
}

/** Time synchronisation moves a clock by less between two batches. */
const JUMP_MS = 500;

/** Converts the times of outcomes from the machine's clock to the rollout's, which never jumps. */
class MachineClock {
  readonly #clock: Clock;
  readonly #lagMs: number;
  readonly #onTrouble: (what: string) => void;
  #aheadMs: number;
  #doubtfulUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, lagMs: number, onTrouble: (what: string) => void) {
    this.#clock = clock;
    this.#lagMs = lagMs;
    this.#onTrouble = onTrouble;
    this.#aheadMs = clock.aheadMs?.() ?? 0;
  }

  /**
   * Returns the outcomes with times of the rollout's clock. After a jump none is evidence for the maximal lag of the
   * source.
   */
  translated(outcomes: readonly Outcome[]): readonly Outcome[] {
    const aheadMs = this.#clock.aheadMs?.() ?? 0;
    const now = this.#clock.now();
    if (Math.abs(aheadMs - this.#aheadMs) > JUMP_MS) {
      this.#doubtfulUntilMs = now + this.#lagMs;
      const seconds = Math.round((aheadMs - this.#aheadMs) / 1_000);
      this.#onTrouble(
        `the clock of this machine jumped by ${seconds} s: outcomes of the next ${Math.ceil(this.#lagMs / 1_000)} s are not evidence`,
      );
    }
    this.#aheadMs = aheadMs;
    if (now < this.#doubtfulUntilMs) return [];
    if (Math.abs(aheadMs) < 1) return outcomes;
    return outcomes.map((outcome) => ({
      ...outcome,
      atMs: outcome.atMs - aheadMs,
      sinceMs: outcome.sinceMs === undefined ? undefined : outcome.sinceMs - aheadMs,
    }));
  }
}

/** Keeps the baseline warm, so that it can take over all traffic at any time. */
export class KeepWarm {
  readonly #plan: Plan;
  readonly #warm: Warm | undefined;
  readonly #options: BackgroundOptions;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(plan: Plan, warm: Warm | undefined, options: BackgroundOptions) {
    this.#plan = plan;
    this.#warm = warm;
    this.#options = options;
  }

  /** Sends a request to the baseline if one is due. */
  beat(signal: AbortSignal): void {
    const { clock, onTrouble } = this.#options;
    const { original, baseline } = this.#plan;
    const tag = original.targets.find((target) => target.revision === baseline && target.tag !== null)?.tag;
    if (this.#warm === undefined || typeof tag !== "string" || clock.now() - this.#atMs < KEEP_WARM_MS)
      return;
    this.#atMs = clock.now();
    this.#warm(baseline, tag, signal).catch((error: unknown) => {
      if (!signal.aborted) onTrouble(`${baseline} is not warm: ${messageOf(error)}`);
    });
  }
}
