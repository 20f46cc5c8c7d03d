import type { Entry, Journal } from "../journal/journal.ts";
import { LostLock } from "../lock/lock.ts";
import { isGoingBack } from "../machine/state.ts";
import type { Clock } from "../clock.ts";
import { messageOf } from "../../text/message-of.ts";

export interface JournalWriterOptions {
  journal: Journal;
  clock: Clock;
  lost: AbortSignal;
  onTrouble(what: string): void;
}

const RETRY_MS = 1_000;
/** The number of attempts to journal a rollback before it proceeds without. */
const WITHOUT_JOURNAL = 3;

/** Journals transitions before they are made. */
export class JournalWriter {
  readonly #options: JournalWriterOptions;
  readonly #unwritten: Entry[] = [];

  constructor(options: JournalWriterOptions) {
    this.#options = options;
  }

  /**
   * Appends an entry, and retries until it succeeds. Only a rollback proceeds without: a journal that cannot be
   * written, for example on a full disk, must not keep users on a bad candidate. Missing entries are written later.
   * @throws LostLock if another process may roll the service out
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

  /** @throws LostLock if another process may roll the service out */
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
