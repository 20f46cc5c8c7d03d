import { mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SplitChange } from "../../traffic/split/split.ts";
import { readHistory, withChange, writeHistory } from "../../traffic/split/history.ts";

// A process that holds the lock for longer was killed.
const STALE_MS = 10_000;
const RETRY_MS = 10;

/** The history of a service's split in a folder, and the lock of its writers. */
export class HistoryFile {
  readonly #path: string;

  constructor(root: string, service: string) {
    this.#path = join(root, ".kyc", "splits", `${service}.json`);
  }

  async read(): Promise<SplitChange[]> {
    return readHistory(await readFile(this.#path, "utf8").catch(() => undefined));
  }

  async append(change: SplitChange): Promise<void> {
    await replaceFile(this.#path, writeHistory(withChange(await this.read(), change)));
  }

  /** Runs something while it holds the lock, so that no other process of this tool changes the split. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const lock = `${this.#path}.lock`;
    await mkdir(dirname(lock), { recursive: true });
    for (;;) {
      const held = await open(lock, "wx").catch((error: unknown) => {
        if (codeOf(error) === "EEXIST") return undefined;
        throw error;
      });
      if (held !== undefined) {
        await held.close();
        break;
      }
      const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? Date.now());
      if (age > STALE_MS) await rm(lock, { force: true });
      else await Bun.sleep(RETRY_MS);
    }
    try {
      return await work();
    } finally {
      await rm(lock, { force: true });
    }
  }
}

/**
 * Replaces a file in one step: a reader gets either the whole old text or the whole new one. The name of the
 * temporary file begins with a dot, so that readers of manifests ignore it.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  // A symbolic link is kept: its target is replaced.
  const target = await realpath(path).catch(() => path);
  await mkdir(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `.${crypto.randomUUID()}.tmp`);
  const mode = (await stat(target).catch(() => undefined))?.mode ?? 0o644;
  const file = await open(temporary, "wx", mode);
  try {
    await file.writeFile(text);
    await file.close();
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
