import { readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseDocuments } from "./document.ts";

/** The documents of a file; undefined if it cannot be read. */
export type FileDocuments = ReturnType<typeof parseDocuments> | undefined;

/**
 * Reads and parses one file.
 * @param path the path to open
 * @param file its name in problems
 */
export type OpenFile = (path: string, file: string) => Promise<FileDocuments>;

/** Reads and parses a file, or a pipe to its end; undefined if it cannot be read. */
export async function readFileDocuments(path: string, file: string): Promise<FileDocuments> {
  const text = textOf(path) ?? (await readFile(path, "utf8").catch(() => undefined));
  return text === undefined ? undefined : parseDocuments(file, text);
}

/**
 * Returns the text of a file; undefined if it cannot be read, and for a pipe, which would block. Synchronous, because
 * asynchronous reading of 10,000 files adds a sixth to the time of reading and checking them.
 */
export function textOf(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns a function that opens files repeatedly: a file is read each time, and parsed only if its text has changed.
 * Documents are immutable, so that readers can share them.
 */
export function openUnchanged(): OpenFile {
  const last = new Map<string, { file: string; text: string; parsed: FileDocuments }>();
  return async (path, file) => {
    const text = textOf(path);
    const known = last.get(path);
    if (text === undefined) return undefined;
    if (known?.text === text && known.file === file) return known.parsed;
    const parsed = parseDocuments(file, text);
    last.set(path, { file, text, parsed });
    return parsed;
  };
}
