import { statSync } from "node:fs";

/**
 * Equal for a file that has not changed, as far as its place, time and size tell; empty where there is none.
 * Synchronous: waiting for each of 10,000 files takes ten times as long.
 */
export function fileStamp(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "" : `${found.ino} ${found.mtimeMs} ${found.size}`;
}
