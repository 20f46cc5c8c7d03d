import { Database } from "bun:sqlite";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import Type from "typebox";
import { Check } from "typebox/schema";
import { type Held, type Holder, type Lock, LockTaken } from "./lock.ts";

const HolderFile = Type.Object({ who: Type.String(), sinceMs: Type.Number() });

/**
 * The lock of one machine: a file that SQLite holds with the operating system's own lock, which ends with the process
 * however it ends. A file with a process id alone would outlive a killed process, and its number is given away again.
 * Beside it a file says who holds it.
 */
export class FileLock implements Lock {
  readonly #path: string;
  readonly #service: string;

  constructor(path: string, service: string) {
    this.#path = path;
    this.#service = service;
  }

  async acquire(who: string): Promise<Held> {
    await mkdir(dirname(this.#path), { recursive: true });
    const database = this.#take();
    if (database === undefined) throw new LockTaken(this.#service, await this.#written());
    await writeFile(this.#holderPath, JSON.stringify({ who, sinceMs: Date.now() } satisfies Holder));
    return { lost: new AbortController().signal, release: async () => database.close() };
  }

  async holder(): Promise<Holder | undefined> {
    if (!(await Bun.file(this.#path).exists())) return undefined;
    const database = this.#take();
    database?.close();
    return database === undefined ? this.#written() : undefined;
  }

  /** The open lock, or nothing when another has it. */
  #take(): Database | undefined {
    const database = new Database(this.#path, { create: true });
    try {
      database.run("PRAGMA busy_timeout = 0");
      database.run("BEGIN EXCLUSIVE");
      return database;
    } catch (error) {
      database.close();
      if (error instanceof Error && "code" in error && error.code === "SQLITE_BUSY") return undefined;
      throw error;
    }
  }

  async #written(): Promise<Holder | undefined> {
    const text = await readFile(this.#holderPath, "utf8").catch(() => "");
    try {
      const holder: unknown = JSON.parse(text);
      return Check(HolderFile, holder) ? holder : undefined;
    } catch {
      return undefined;
    }
  }

  get #holderPath(): string {
    return `${this.#path}.holder.json`;
  }
}
