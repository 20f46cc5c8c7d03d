import { Database } from "bun:sqlite";
import { mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import Type from "typebox";
import { Check } from "typebox/schema";
import { type Held, type Holder, type Lock, LockTaken } from "./lock.ts";

/** The interval of the holder's heartbeat. */
const SIGN_MS = 2_000;

const HolderFile = Type.Object({ who: Type.String(), sinceMs: Type.Number() });

/**
 * The lock of one machine: a file that SQLite locks through the operating system, which releases the lock when the
 * process ends in any way. (A file with a process id would outlive a killed process, and ids are reused.) A second
 * file names the holder, which updates its modification time as a heartbeat.
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
    const path = this.#holderPath;
    // The lock holds even when this file cannot be written, for example on a full disk.
    await writeFile(path, JSON.stringify({ who, sinceMs: Date.now() })).catch(() => undefined);
    const sign = (): void => void utimes(path, new Date(), new Date()).catch(() => undefined);
    const signs = setInterval(sign, SIGN_MS);
    signs.unref();
    return {
      lost: new AbortController().signal,
      release: async () => {
        clearInterval(signs);
        await rm(path, { force: true }).catch(() => undefined);
        database.close();
      },
    };
  }

  async holder(): Promise<Holder | undefined> {
    const last = await this.lastHolder();
    return last?.alive ? last : undefined;
  }

  /**
   * Returns the holder by its last heartbeat, without a check of the lock: a check may prevent another process from
   * acquiring it.
   */
  async lastSign(): Promise<Holder | undefined> {
    return this.#written();
  }

  async lastHolder(): Promise<Holder | undefined> {
    if (!(await Bun.file(this.#path).exists())) return undefined;
    const database = this.#take();
    database?.close();
    const alive = database === undefined;
    const written = await this.#written();
    if (written !== undefined) return { ...written, alive };
    const now = Date.now();
    return alive ? { who: "another process", sinceMs: now, seenMs: now, alive } : undefined;
  }

  /** Returns the open lock, or undefined if another process holds it. */
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

  /** Returns the holder that the second file names; it counts as alive unless the lock is free. */
  async #written(): Promise<Holder | undefined> {
    const text = await readFile(this.#holderPath, "utf8").catch(() => "");
    try {
      const holder: unknown = JSON.parse(text);
      if (!Check(HolderFile, holder)) return undefined;
      const { mtimeMs } = await stat(this.#holderPath);
      return { who: holder.who, sinceMs: holder.sinceMs, seenMs: Math.round(mtimeMs), alive: true };
    } catch {
      return undefined;
    }
  }

  get #holderPath(): string {
    return `${this.#path}.holder.json`;
  }
}
