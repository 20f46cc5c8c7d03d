import { appendFile, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileStamp } from "../../file-stamp.ts";
import type { Plan } from "../plan/plan.ts";
import {
  type Entry,
  type Journal,
  parseJournal,
  parseRequests,
  type Request,
  type Saved,
} from "./journal.ts";

/**
 * The journal in a folder per rollout: `journal.ndjson` grows by one line per transition, which is on the disk before
 * the transition is made; other processes write `requests.ndjson`. Finished rollouts are in `before/`.
 */
export class FileJournal implements Journal {
  readonly place: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.place = this.#path("journal.ndjson");
  }

  async load(): Promise<Saved | undefined> {
    const text = await textOf(this.place);
    const parsed = text === undefined ? undefined : parseJournal(text, this.place);
    if (parsed === undefined) return undefined;
    return { ...parsed, checkpoint: asJson(await textOf(this.#path("checkpoint.json"))) };
  }

  /** Equal as long as `load` returns the same. */
  stamp(): string {
    return [this.place, this.#path("checkpoint.json")].map(fileStamp).join(", ");
  }

  async begin(plan: Plan, first: Entry): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const before = await this.load();
    if (before !== undefined) {
      await mkdir(this.#path("before"), { recursive: true });
      await rename(this.place, this.#path(`before/${before.plan.id}.ndjson`));
    }
    await rm(this.#path("checkpoint.json"), { force: true });
    await rm(this.#path("requests.ndjson"), { force: true });
    await whole(this.place, `${JSON.stringify(plan)}\n${JSON.stringify(first)}\n`);
  }

  async append(entry: Entry): Promise<void> {
    const file = await open(this.place, "r+");
    try {
      const text = await file.readFile("utf8");
      // Truncates a line that a crash left incomplete, so that the next line starts on its own.
      const end = Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1));
      await file.truncate(end);
      await file.write(`${JSON.stringify(entry)}\n`, end);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async checkpoint(value: unknown): Promise<void> {
    await whole(this.#path("checkpoint.json"), JSON.stringify(value));
  }

  async requests(): Promise<Request[]> {
    const path = this.#path("requests.ndjson");
    return parseRequests((await textOf(path)) ?? "", path);
  }

  async ask(request: Request): Promise<void> {
    await appendFile(this.#path("requests.ndjson"), `${JSON.stringify(request)}\n`);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

/** Replaces a file atomically: readers, also after a crash, find either the old or the new content. */
async function whole(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  await writeFile(beside, text, { flush: true });
  await rename(beside, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Reads the checkpoint. An unreadable one counts as absent: the judge starts again, and no decision is lost. */
function asJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
