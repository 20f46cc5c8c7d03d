import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, join } from "node:path";
import { fileStamp } from "../file-stamp.ts";
import { CODES } from "../manifests/codes/codes.ts";
import { type ManifestDocument, parseDocuments } from "../manifests/document.ts";
import type { Problem } from "../manifests/problem.ts";
import { DEV_FILE } from "../manifests/folders.ts";
import { type FileDocuments, textOf } from "../manifests/file-documents.ts";
import { isKustomization, isManifest, readDocuments } from "../manifests/read.ts";

// Long enough for an editor to finish writing, short enough not to be noticed.
const QUIET_MS = 15;
// A file that looks half-written gets this much time to be completed.
const HALF_WRITTEN_MS = 500;
// After an edit for which only the changed files were read, all others are checked when edits have paused this long.
const LOOK_AT_ALL_AFTER_MS = 1000;
// The number of files that are checked without letting requests pass.
const AT_A_TIME = 200;

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
  /** The number of reported changes when it began. */
  changes: number;
  opened: Map<string, OpenedFile>;
  /** The files of the folders in order; undefined if the list may change after an edit. */
  listed: readonly string[] | undefined;
  /** Whether files were left out because no change of them was seen. */
  isQuick: boolean;
  /** The documents of all folders, in the order of the files. */
  documents(): Promise<{ documents: ManifestDocument[]; problems: Problem[] }>;
  /** Reads and parses a file, or reuses the documents in force if it has not changed. */
  open(path: string, file: string): Promise<FileDocuments>;
}

/**
 * The manifest files of a configuration, and the changes since it came into force. An unchanged file is not parsed
 * again, so that its documents stay the same objects.
 */
export class ManifestFiles {
  readonly #root: string;
  readonly #folders: readonly string[];
  readonly #lookAtAllAfterMs: number;
  /** The files in force, by path from the root. */
  #inForce: ReadonlyMap<string, OpenedFile> = new Map();
  #listed: Reading["listed"];
  /** The number of the last change of each file that has changed since. */
  readonly #changed = new Map<string, number>();
  #changes = 0;
  #onChanged: ((file: string) => void) | undefined;
  #lookAtAll: Timer | undefined;

  /** @param lookAtAllAfterMs how long after an edit, for which only the changed files were read, all are checked */
  constructor(root: string, folders: readonly string[], lookAtAllAfterMs = LOOK_AT_ALL_AFTER_MS) {
    this.#root = root;
    this.#folders = folders;
    this.#lookAtAllAfterMs = lookAtAllAfterMs;
  }

  /** Starts to read the current files. */
  begin(): Reading {
    const opened = new Map<string, OpenedFile>();
    const reading: Reading = {
      changes: this.#changes,
      opened,
      listed: undefined,
      isQuick: false,
      documents: async () => (await this.#changedAlone(reading)) ?? this.#all(reading),
      open: async (path, file) => {
        const known = this.#inForce.get(file);
        const changes = this.#changes;
        const stamp = fileStamp(path);
        const isSame = known?.stamp === stamp && (this.#changed.get(file) ?? 0) <= known.changes;
        const text = isSame ? known.text : textOf(path);
        if (text === undefined) return undefined;
        const now =
          known?.text === text
            ? { ...known, stamp, changes }
            : { text, parsed: parseDocuments(file, text), stamp, changes };
        opened.set(file, now);
        return now.parsed;
      },
    };
    return reading;
  }

  async #all(reading: Reading): ReturnType<Reading["documents"]> {
    const { open } = reading;
    const { documents, problems, files } = await readDocuments(this.#root, this.#folders, { open });
    // For other folders, the list of files does not follow from names alone.
    const isPlain = problems.length === 0 && !files.some((file) => isKustomization(basename(file)));
    reading.listed = isPlain ? files : undefined;
    return { documents, problems };
  }

  /**
   * Reads the files with reported changes, and reuses all others without checking each: with thousands of files that
   * check would take most of an edit. It follows once the edit is in force.
   * @returns undefined if the list of files may have changed, and while changes are not watched
   */
  async #changedAlone(reading: Reading): Promise<Awaited<ReturnType<Reading["documents"]>> | undefined> {
    const listed = this.#onChanged === undefined ? undefined : this.#listed;
    const changed = [...this.#changed.keys()].filter((file) => !this.#isWithoutEffect(file));
    if (listed === undefined || changed.some((file) => !this.#inForce.has(file))) return undefined;
    const { opened, open } = reading;
    for (const [file, known] of this.#inForce) opened.set(file, known);
    for (const file of changed) {
      if ((await open(join(this.#root, file), file)) !== undefined) continue;
      opened.clear();
      return undefined;
    }
    reading.listed = listed;
    reading.isQuick = true;
    const parsed = listed.flatMap((file) => opened.get(file)?.parsed ?? []);
    return {
      documents: parsed.flatMap(({ documents }) => documents),
      problems: parsed.flatMap(({ problems }) => problems),
    };
  }

  /** Whether a path is neither in force nor contains objects, such as an editor's own file. */
  #isWithoutEffect(file: string): boolean {
    if (this.#inForce.has(file) || file === "") return false;
    const name = basename(file);
    const found = statSync(join(this.#root, file), { throwIfNoEntry: false });
    if (found?.isDirectory() === true || isKustomization(name)) return false;
    if (found !== undefined) return !isManifest(name);
    return !this.#listed?.some((each) => each.startsWith(`${file}/`));
  }

  /**
   * Calls `onChange` after a change below the folders or of `dev.yaml`, once changes have paused for a moment.
   * @returns a function that stops watching
   * @throws if a folder cannot be watched
   */
  watch(onChange: () => void): () => void {
    let timer: Timer | undefined;
    const changed = (file: string): void => {
      this.#changed.set(file, ++this.#changes);
      clearTimeout(timer);
      timer = setTimeout(onChange, QUIET_MS);
    };
    this.#onChanged = changed;
    // Changes since the first reading were not reported.
    this.#lookAtAllSoon();
    const watchers: FSWatcher[] = this.#folders.map((folder) =>
      watch(join(this.#root, folder), { recursive: true }, (_, name) => {
        // An event of the folder itself has no name, despite its type.
        changed(typeof name === "string" ? join(folder, name) : "");
      }),
    );
    watchers.push(watch(this.#root, (_, name) => name === DEV_FILE && changed(DEV_FILE)));
    return () => {
      this.#onChanged = undefined;
      clearTimeout(timer);
      clearTimeout(this.#lookAtAll);
      for (const watcher of watchers) watcher.close();
    };
  }

  /**
   * Gives files that look half-written some time to be completed: a program that saves a file may truncate it first,
   * and write it in parts.
   * @returns a problem for each file that stays empty: no configuration follows from it
   */
  async emptied(): Promise<Problem[]> {
    if (this.#halfWritten().length > 0) await Bun.sleep(HALF_WRITTEN_MS);
    return this.#halfWritten()
      .filter(({ isEmpty }) => isEmpty)
      .map(({ file }) => emptiedFile(file));
  }

  /** Returns the changed files that are only a prefix of their text in force. */
  #halfWritten(): { file: string; isEmpty: boolean }[] {
    const found: { file: string; isEmpty: boolean }[] = [];
    for (const file of this.#changed.keys()) {
      const [before = "", now] = [this.#inForce.get(file)?.text, this.#text(file)];
      if (now === undefined || now.length >= before.length) continue;
      if (before.startsWith(now)) found.push({ file, isEmpty: now.trim() === "" });
    }
    return found;
  }

  /** Makes the files of a reading the ones in force. */
  accept({ opened, changes, listed, isQuick }: Reading): void {
    this.#inForce = opened;
    this.#listed = listed;
    if (isQuick) this.#lookAtAllSoon();
    for (const [file, change] of this.#changed) if (change <= changes) this.#changed.delete(file);
  }

  #lookAtAllSoon(): void {
    clearTimeout(this.#lookAtAll);
    this.#lookAtAll = setTimeout(() => void this.#findUnseen(), this.#lookAtAllAfterMs);
  }

  /** Finds the changes that the system has not reported. */
  async #findUnseen(): Promise<void> {
    const now = this.begin();
    let looked = 0;
    const open: Reading["open"] = async (path, file) => {
      if (++looked % AT_A_TIME === 0) await Bun.sleep(0);
      return now.open(path, file);
    };
    await readDocuments(this.#root, this.#folders, { open });
    // A change that was seen meanwhile is followed by another look.
    if (now.changes !== this.#changes) return;
    const files = new Set([...now.opened.keys(), ...(this.#listed ?? [])]);
    for (const file of files) {
      // A change that was seen before, and is not in force, has been reported as invalid.
      if (this.#changed.has(file)) continue;
      if (now.opened.get(file)?.text !== this.#inForce.get(file)?.text) this.#onChanged?.(file);
    }
  }

  #text(file: string): string | undefined {
    return /\.(ya?ml|json)$/.test(file) ? textOf(join(this.#root, file)) : undefined;
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
