import { type FSWatcher, watch } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CODES } from "../manifests/codes/codes.ts";
import type { Problem } from "../manifests/problem.ts";

// Long enough for an editor to finish writing, short enough not to be noticed.
const QUIET_MS = 15;
// A file that looks half-written gets this long to be completed.
const HALF_WRITTEN_MS = 500;

/** The manifest files of a configuration, and which of them have changed since it came into force. */
export class ManifestFiles {
  readonly #root: string;
  readonly #folders: readonly string[];
  /** The texts in force, by path from the root. */
  readonly #texts = new Map<string, string>();
  readonly #changed = new Set<string>();

  private constructor(root: string, folders: readonly string[]) {
    this.#root = root;
    this.#folders = folders;
  }

  /** Reads the files below some folders of the root. */
  static async read(root: string, folders: readonly string[]): Promise<ManifestFiles> {
    const files = new ManifestFiles(root, folders);
    for (const folder of folders) {
      const names = await readdir(join(root, folder), { recursive: true }).catch(() => []);
      for (const name of names) files.#changed.add(join(folder, name));
    }
    await files.accept();
    return files;
  }

  /**
   * Calls `onChange` after a change below the folders, once changes have paused for a moment.
   * @returns a function that stops watching
   * @throws when a folder cannot be watched
   */
  watch(onChange: () => void): () => void {
    let timer: Timer | undefined;
    const watchers: FSWatcher[] = this.#folders.map((folder) =>
      watch(join(this.#root, folder), { recursive: true }, (_, name) => {
        // An event of the folder itself has no name, in spite of its type.
        if (typeof name === "string") this.#changed.add(join(folder, name));
        clearTimeout(timer);
        timer = setTimeout(onChange, QUIET_MS);
      }),
    );
    return () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    };
  }

  /**
   * Gives files that look half-written some time to be completed: a program that saves a file may truncate it first, and
   * write it in parts.
   * @returns a problem for each file that stays empty: no configuration follows from it
   */
  async emptied(): Promise<Problem[]> {
    if ((await this.#halfWritten()).length > 0) await Bun.sleep(HALF_WRITTEN_MS);
    return (await this.#halfWritten()).filter(({ isEmpty }) => isEmpty).map(({ file }) => emptiedFile(file));
  }

  /** The changed files that are a mere beginning of their text in force. */
  async #halfWritten(): Promise<{ file: string; isEmpty: boolean }[]> {
    const found: { file: string; isEmpty: boolean }[] = [];
    for (const file of this.#changed) {
      const [before = "", now] = [this.#texts.get(file), await this.#text(file)];
      if (now === undefined || now.length >= before.length) continue;
      if (before.startsWith(now)) found.push({ file, isEmpty: now.trim() === "" });
    }
    return found;
  }

  /** Takes the files as they are now for those in force. */
  async accept(): Promise<void> {
    for (const file of [...this.#changed]) {
      this.#changed.delete(file);
      const text = await this.#text(file);
      if (text === undefined) this.#texts.delete(file);
      else this.#texts.set(file, text);
    }
  }

  async #text(file: string): Promise<string | undefined> {
    if (!/\.(ya?ml|json)$/.test(file)) return undefined;
    return readFile(join(this.#root, file), "utf8").catch(() => undefined);
  }
}

function emptiedFile(file: string): Problem {
  return {
    code: "unreadable-file",
    severity: CODES["unreadable-file"].severity,
    at: { file, line: 1, column: 1 },
    field: "",
    message: "the file is empty",
    fix: "write its contents again, or delete the file to remove its objects",
  };
}
