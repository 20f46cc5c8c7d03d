import type { RolloutJudge, Observation, Ruling } from "../rollout-judge/rollout-judge.ts";
import type { Tally } from "../tally.ts";
import type { EvidenceLine, Versions } from "./evidence-line.ts";
import { asOutcomeLine } from "./outcome-line.ts";

/**
 * The largest part of the evidence of one rollout, in bytes. At most two parts are kept; the older one is dropped.
 */
const MOST_BYTES = 32 * 1024 * 1024;
/** The number of outcomes kept in memory while they cannot be written, for example on a full disk. */
const MOST_WAITING = 500_000;
const MOST_IN_A_LINE = 2_000;

/** Stores evidence: a newest part that grows, and one older part. */
export interface EvidenceStore {
  /** Appends lines as a whole, or not at all. @returns the size of the newest part, in bytes */
  append(text: string): Promise<number>;
  /** Makes the newest part the older one, which is dropped. */
  rotate(): Promise<void>;
  /** Returns all lines without line ends, the oldest first. */
  lines(): Promise<string[]>;
}

/** The judge's ruling when a transition was made. */
export interface Decision {
  entry: number;
  /** The share in percent that the candidate would get next. */
  next: number;
  coveredMs: number;
  ruling: Ruling;
  tally: Tally;
}

/**
 * Records the observations and rulings of a rollout's judge in chronological order, so that each verdict can be
 * recomputed. Lines are collected in memory, and written by `flush`.
 */
export class EvidenceLog {
  readonly #store: EvidenceStore;
  readonly #versions: Versions;
  readonly #limit: number;
  #waiting: Observation[][] = [];
  #waitingCount = 0;
  #lines: EvidenceLine[] = [];
  #isGap = false;
  #flushing: Promise<void> = Promise.resolve();

  constructor(store: EvidenceStore, versions: Versions, limit: number = MOST_BYTES) {
    this.#store = store;
    this.#versions = versions;
    this.#limit = limit;
  }

  /** Called when a process begins to judge. @param from the mark of the state that its judge was restored from */
  begin(from: number | null, atMs: number): void {
    this.#lines.push({ begin: { from, atMs, versions: this.#versions } });
  }

  /** Returns the judge, with all of its observations recorded. */
  recorded(judge: RolloutJudge): RolloutJudge {
    return {
      restored: judge.restored,
      observe: (observations) => {
        this.#observe(observations);
        judge.observe(observations);
      },
      compare: (sample) => {
        this.#gather();
        this.#lines.push({ check: sample });
        judge.compare?.(sample);
      },
      ruling: (next) => judge.ruling(next),
      snapshot: () => judge.snapshot(),
    };
  }

  decide({ entry, next, coveredMs, ruling, tally }: Decision): void {
    this.#gather();
    const { verdict, because, evidence, checks } = ruling;
    const counts = ({ requests, errors }: Tally["candidate"]) => ({ requests, errors });
    const found = checks === undefined ? {} : { checks };
    const requests = { candidate: counts(tally.candidate), baseline: counts(tally.baseline) };
    this.#lines.push({
      decision: { entry, next, coveredMs, verdict, because, evidence, ...found, requests },
    });
  }

  /** Called when the judge's state is saved. @param snapshot of the judge, in case earlier lines are dropped */
  mark(atMs: number, snapshot: unknown): void {
    this.#gather();
    // Only a snapshot ends a gap.
    this.#lines.push(this.#isGap ? { mark: atMs, snapshot } : { mark: atMs });
    this.#isGap = false;
  }

  /**
   * Writes the collected lines; those that cannot be written remain for the next call.
   * @param mark the state that a new file begins with if the current one has reached its limit
   * @throws the file system's error
   */
  async flush(mark?: { atMs: number; snapshot: unknown }): Promise<void> {
    this.#gather();
    this.#flushing = this.#flushing.catch(() => {}).then(() => this.#write(mark));
    return this.#flushing;
  }

  async #write(mark: { atMs: number; snapshot: unknown } | undefined): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    let size = 0;
    try {
      size = await this.#store.append(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    } catch (error) {
      this.#lines = [...lines, ...this.#lines];
      throw error;
    }
    const last = lines.at(-1);
    // Observations after the mark are not in the snapshot, so the next mark is used.
    const endsWithMark = last !== undefined && "mark" in last && last.mark === mark?.atMs;
    if (mark === undefined || size < this.#limit || !endsWithMark) return;
    await this.#store.rotate();
    this.#lines.unshift({ mark: mark.atMs, snapshot: mark.snapshot });
    await this.#write(undefined);
  }

  #observe(batch: readonly Observation[]): void {
    this.#waiting.push([...batch]);
    this.#waitingCount += batch.length;
    if (this.#waitingCount >= MOST_IN_A_LINE) this.#gather();
  }

  #gather(): void {
    if (this.#waiting.length === 0) return;
    this.#lines.push(asOutcomeLine(this.#waiting));
    this.#waiting = [];
    this.#waitingCount = 0;
    if (this.#lines.length <= MOST_WAITING / MOST_IN_A_LINE) return;
    const kept = this.#lines.filter((line) => !("batches" in line) && !("mark" in line));
    this.#lines = [{ gap: this.#lines.length - kept.length }, ...kept];
    this.#isGap = true;
  }
}
