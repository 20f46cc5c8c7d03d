import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileStamp } from "../file-stamp.ts";
import { CODES } from "../manifests/codes/codes.ts";
import { parseDocuments } from "../manifests/document.ts";
import type { Problem } from "../manifests/problem.ts";
import { DEV_FILE } from "../manifests/folders.ts";
import type { FileDocuments } from "../manifests/read.ts";

// Long enough for an editor to finish writing, short enough not to be noticed.
const QUIET_MS = 15;
// A file that looks half-written gets this long to be completed.
const HALF_WRITTEN_MS = 500;

/** A file as it was read. */
interface OpenedFile {
  text: string;
  parsed: FileDocuments;
  /** The file's time and size, and how many changes had been seen, when it was read. */
  stamp: string;
  changes: number;
}

/** One reading of all files. */
export interface Reading {
  /** How many changes had been seen when it began. */
  changes: number;
  opened: Map<string, OpenedFile>;
  /** Reads and parses a file, or takes over what the files in force hold where it has not changed. */
  open(path: string, file: string): Promise<FileDocuments>;
}

/**
 * The manifest files of a configuration, and which of them have changed since it came into force. A file that has not
 * changed is not parsed again, so that its documents stay the same objects.
 */
export class ManifestFiles {
  readonly #root: string;
  readonly #folders: readonly string[];
  /** The files in force, by path from the root. */
  #inForce: ReadonlyMap<string, OpenedFile> = new Map();
  /** The number of the last change of each file that has changed since. */
  readonly #changed = new Map<string, number>();
  #changes = 0;

  constructor(root: string, folders: readonly string[]) {
    this.#root = root;
    this.#folders = folders;
  }

  /** Starts to read the current files. */
  begin(): Reading {
    const opened = new Map<string, OpenedFile>();
    return {
      changes: this.#changes,
      opened,
      open: async (path, file) => {
        const known = this.#inForce.get(file);
        const changes = this.#changes;
        const stamp = fileStamp(path);
        const isSame = known?.stamp === stamp && (this.#changed.get(file) ?? 0) <= known.changes;
        const text = isSame ? known.text : await readFile(path, "utf8").catch(() => undefined);
        if (text === undefined) return undefined;
        const now =
          known?.text === text
            ? { ...known, stamp, changes }
            : { text, parsed: parseDocuments(file, text), stamp, changes };
        opened.set(file, now);
        return now.parsed;
      },
    };
  }

  /**
   * Calls `onChange` after a change below the folders or of `dev.yaml`, once changes have paused for a moment.
   * @returns a function that stops watching
   * @throws when a folder cannot be watched
   */
  watch(onChange: () => void): () => void {
    let timer: Timer | undefined;
    const changed = (file: string | undefined): void => {
      if (file !== undefined) this.#changed.set(file, ++this.#changes);
      clearTimeout(timer);
      timer = setTimeout(onChange, QUIET_MS);
    };
    const watchers: FSWatcher[] = this.#folders.map((folder) =>
      watch(join(this.#root, folder), { recursive: true }, (_, name) => {
        // An event of the folder itself has no name, in spite of its type.
        changed(typeof name === "string" ? join(folder, name) : undefined);
      }),
    );
    watchers.push(watch(this.#root, (_, name) => name === DEV_FILE && changed(DEV_FILE)));
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
    for (const file of this.#changed.keys()) {
      const [before = "", now] = [this.#inForce.get(file)?.text, await this.#text(file)];
      if (now === undefined || now.length >= before.length) continue;
      if (before.startsWith(now)) found.push({ file, isEmpty: now.trim() === "" });
    }
    return found;
  }

  /** Takes the files of a reading for those in force. */
  accept({ opened, changes }: Reading): void {
    this.#inForce = opened;
    for (const [file, change] of this.#changed) if (change <= changes) this.#changed.delete(file);
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
