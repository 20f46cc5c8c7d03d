import { statSync } from "node:fs";

/**
 * Equal while a file has the same path, time and size; empty if there is no file.
 * Synchronous: waiting for each of 10,000 files takes ten times as long.
 */
export function fileStamp(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "" : `${found.ino} ${found.mtimeMs} ${found.size}`;
}
