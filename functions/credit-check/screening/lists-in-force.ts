import { readFile, stat } from "node:fs/promises";
import { ConfigError } from "../../shared/config.ts";
import type { Log } from "../../shared/telemetry/log.ts";
import { BrokenList } from "./listed-person.ts";
import { type FoundFile, readWatchLists, type WatchLists } from "./watch-lists.ts";

/** The lists that checks use. */
export interface ListsInForce {
  readonly current: WatchLists;
  /** Rereads all files if one has changed. If one is invalid, the previous lists stay in force. */
  reload(): Promise<void>;
}

/**
 * Reads lists and keeps them. A ConfigMap's files are replaced by renaming a folder, which few watchers notice, so each
 * `reload` checks the files themselves.
 * @param names paths of the files, separated by commas, as in `WATCH_LISTS`
 * @throws {ConfigError} if a list cannot be read at startup, when there are no previous lists
 */
export async function openWatchLists(names: string, log: Log): Promise<ListsInForce> {
  const paths = names.split(",").filter((path) => path !== "");
  let seen = await fingerprint(paths);
  let isReading = false;
  let current = await read(paths).catch((error: unknown) => {
    if (!(error instanceof BrokenList)) throw error;
    const mistake = {
      name: "WATCH_LISTS",
      wrong: `names a broken list, ${error.message}`,
      expected: "lists as in docs/screening.md",
    };
    throw new ConfigError("credit-check", [mistake]);
  });
  tell();

  function tell(): void {
    const { count, version, date } = current;
    if (paths.length > 0) log.info("watch lists in force", { persons: count, version, date });
  }

  return {
    get current() {
      return current;
    },
    async reload() {
      // A list that changes while it is read is read again by the next call.
      if (isReading) return;
      isReading = true;
      try {
        const now = await fingerprint(paths);
        if (now === seen) return;
        seen = now;
        current = await read(paths);
        tell();
      } catch (error) {
        if (!(error instanceof BrokenList)) throw error;
        log.error("watch list refused", { reason: error.message, version: current.version });
      } finally {
        isReading = false;
      }
    },
  };
}

/** The lists' version and size, as Prometheus reads them. */
export function watchListMetrics({ version, date = "", count }: WatchLists): string {
  return [
    "# HELP kyc_watch_lists The lists that checks go by: version and date of their newest file.",
    "# TYPE kyc_watch_lists gauge",
    `kyc_watch_lists{version="${version}",date="${date}"} 1`,
    "# HELP kyc_watch_list_persons How many persons are on them.",
    "# TYPE kyc_watch_list_persons gauge",
    `kyc_watch_list_persons ${count}`,
    "",
  ].join("\n");
}

async function fingerprint(paths: readonly string[]): Promise<string> {
  const stats = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  return stats
    .map((found) => (found === undefined ? "none" : `${found.ino} ${found.mtimeMs} ${found.size}`))
    .join();
}

async function read(paths: readonly string[]): Promise<WatchLists> {
  const files = await Promise.all(
    paths.map(async (file): Promise<FoundFile> => {
      try {
        const [text, { mtimeMs }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
        return { file, text, changedAt: mtimeMs };
      } catch {
        throw new BrokenList(file, 1, "the file cannot be read");
      }
    }),
  );
  // An empty file is probably still being written. Accepting it would silently remove all listed persons.
  for (const { file, text } of files)
    if (text.trim() === "") throw new BrokenList(file, 1, "the file is empty");
  return readWatchLists(files);
}
