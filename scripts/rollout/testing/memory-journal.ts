import { type Entry, type Journal, parseJournal, type Request, type Saved } from "../journal/journal.ts";
import type { Plan } from "../plan/plan.ts";

/** A journal in memory, kept as the text that a file would hold. */
export class MemoryJournal implements Journal {
  readonly place = "memory";
  text = "";
  #checkpoint: string | undefined;
  #requests: Request[] = [];

  async load(): Promise<Saved | undefined> {
    const parsed = parseJournal(this.text, this.place);
    if (parsed === undefined) return undefined;
    return {
      ...parsed,
      checkpoint: this.#checkpoint === undefined ? undefined : JSON.parse(this.#checkpoint),
    };
  }

  async begin(plan: Plan, first: Entry): Promise<void> {
    this.text = `${JSON.stringify(plan)}\n${JSON.stringify(first)}\n`;
    this.#checkpoint = undefined;
    this.#requests = [];
  }

  async append(entry: Entry): Promise<void> {
    this.text += `${JSON.stringify(entry)}\n`;
  }

  async checkpoint(value: unknown): Promise<void> {
    this.#checkpoint = JSON.stringify(value);
  }

  async requests(): Promise<Request[]> {
    return this.#requests;
  }

  async ask(request: Request): Promise<void> {
    this.#requests.push(request);
  }
}
