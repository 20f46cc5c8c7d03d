import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";

// Long enough for an editor to finish writing, short enough not to be noticed.
const QUIET_MS = 15;

/**
 * Calls back after something changed below the folders, once the changes have paused for a moment.
 * @throws when a folder cannot be watched
 * @returns how to stop watching
 */
export function watchFolders(root: string, folders: readonly string[], onChange: () => void): () => void {
  let timer: Timer | undefined;
  const watchers: FSWatcher[] = folders.map((folder) => {
    return watch(join(root, folder), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(onChange, QUIET_MS);
    });
  });
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
