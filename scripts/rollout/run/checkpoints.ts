import type { OutcomeRecorder } from "../outcomes/outcome-recorder.ts";
import type { RunnerOptions } from "./runner-options.ts";

const EVERY_MS = 3_000;
type Options = Pick<RunnerOptions, "clock" | "evidence" | "journal" | "checkpointMs">;

/** Runs an operation that may fail, and reports the failure. @param what completes `cannot …` */
type Attempt = <T>(what: string, run: () => Promise<T>) => Promise<T | undefined>;

/** Writes the judge's state, its decisions and the outcomes behind them. */
export class Checkpoints {
  readonly #options: Options;
  readonly #recorder: OutcomeRecorder;
  readonly #attempt: Attempt;
  #writtenAt = 0;

  constructor(options: Options, recorder: OutcomeRecorder, attempt: Attempt) {
    this.#options = options;
    this.#recorder = recorder;
    this.#attempt = attempt;
  }

  /** Writes a checkpoint if the last one is old enough. */
  async beat(atMs: number): Promise<void> {
    const { checkpointMs = EVERY_MS } = this.#options;
    if (atMs - this.#writtenAt >= checkpointMs) await this.write();
  }

  async write(): Promise<void> {
    const { clock, evidence, journal } = this.#options;
    this.#writtenAt = clock.now();
    // A copy, because outcomes are counted while it is written.
    const saved = structuredClone(this.#recorder.saved(this.#writtenAt));
    const mark = { atMs: saved.atMs, snapshot: saved.judge };
    evidence?.mark(mark.atMs, mark.snapshot);
    if (evidence !== undefined) await this.#attempt("keep the judge's outcomes", () => evidence.flush(mark));
    await this.#attempt("write the checkpoint", () => journal.checkpoint(saved));
  }

  /** Records the judge's ruling for a transition before further observations. @param next the next percent */
  async decide(entry: number, next: number): Promise<void> {
    const { evidence } = this.#options;
    if (evidence === undefined) return;
    const { coveredMs, tally } = this.#recorder;
    evidence.decide({ entry, next, coveredMs, ruling: this.#recorder.ruling(next), tally });
    await this.#attempt("keep the judge's outcomes", () => evidence.flush());
  }
}
