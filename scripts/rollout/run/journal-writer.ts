import type { Entry, Journal } from "../journal/journal.ts";
import { LostLock } from "../lock/lock.ts";
import { isGoingBack } from "../machine/state.ts";
import type { Clock } from "../clock.ts";
import { messageOf } from "./effects.ts";

export interface JournalWriterOptions {
  journal: Journal;
  clock: Clock;
  lost: AbortSignal;
  onTrouble(what: string): void;
}

const RETRY_MS = 1_000;
/** How often the way back is tried to be written down before it is gone without. */
const WITHOUT_JOURNAL = 3;

/** Writes transitions down before they are made. */
export class JournalWriter {
  readonly #options: JournalWriterOptions;
  readonly #unwritten: Entry[] = [];

  constructor(options: JournalWriterOptions) {
    this.#options = options;
  }

  /**
   * Writes an entry down, for as long as it takes. Only the way back does not wait for it for ever: a journal that cannot
   * be written, on a full disk for one, keeps nobody on a bad candidate. What is missing is written when it can be.
   * @throws LostLock when another process may roll the service out
   */
  async append(entry: Entry): Promise<void> {
    const { clock, onTrouble } = this.#options;
    this.#unwritten.push(entry);
    for (let tries = 1; ; tries++) {
      this.checkLock();
      try {
        return await this.#flush();
      } catch (error) {
        if (error instanceof LostLock) throw error;
        onTrouble(`cannot write the journal: ${messageOf(error)}`);
        await clock.sleep(RETRY_MS);
        if (isGoingBack(entry.state) && tries >= WITHOUT_JOURNAL) return;
      }
    }
  }

  /** @throws LostLock when another process may roll the service out */
  checkLock(): void {
    if (!this.#options.lost.aborted) return;
    throw new LostLock(
      "The lock was lost: another process may roll the service out now. Nothing was written since.",
    );
  }

  async #flush(): Promise<void> {
    for (let first = this.#unwritten[0]; first !== undefined; first = this.#unwritten[0]) {
      await this.#options.journal.append(first);
      this.#unwritten.shift();
    }
  }
}
