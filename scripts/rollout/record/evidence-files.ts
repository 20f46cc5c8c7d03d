import { appendFile, mkdir, readdir, readFile, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { EvidenceStore } from "./evidence-log.ts";

/** Evidence in two files of a folder. @param folder used by this rollout only */
export function evidenceFiles(folder: string): EvidenceStore {
  const [newest, older] = [join(folder, "evidence.ndjson"), join(folder, "evidence.older.ndjson")];
  let size: number | undefined;
  return {
    async append(text) {
      await mkdir(folder, { recursive: true });
      size ??= await withoutBrokenLine(newest);
      try {
        await appendFile(newest, text);
      } catch (error) {
        // A full disk may have accepted a part of it.
        await truncate(newest, size).catch(() => {});
        throw error;
      }
      return (size += Buffer.byteLength(text));
    },
    async rotate() {
      await rename(newest, older);
      size = 0;
    },
    async lines() {
      const texts = await Promise.all([textOf(older), textOf(newest)]);
      // A line that a crash left incomplete was never acknowledged.
      return texts.flatMap((text) =>
        text
          .slice(0, text.lastIndexOf("\n") + 1)
          .split("\n")
          .slice(0, -1),
      );
    },
  };
}

/** Ids of rollouts begin with the service, followed by the time of their start. */
export const ROLLOUT_ID = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)-\d{8}-\d{6}-[0-9a-f]{4}$/;

/** The evidence of this many rollouts of a service is kept at any age. */
export const KEPT_ROLLOUTS = 50;
/** Evidence is kept for this time after its last line, in milliseconds, for any number of rollouts. */
export const KEPT_MS = 30 * 24 * 3_600_000;

/**
 * Removes the evidence of old rollouts of a service, except for the latest `KEPT_ROLLOUTS` and those written within
 * the last `KEPT_MS`, so that no running rollout loses any, on any cluster.
 * @param folder contains a folder for each rollout
 * @returns the ids of the rollouts whose evidence was removed
 * @throws the file system's error
 */
export async function pruneEvidence(folder: string, service: string, nowMs: number): Promise<string[]> {
  const names = await readdir(folder).catch(emptyIfNone);
  const own = names.filter((name) => ROLLOUT_ID.exec(name)?.[1] === service);
  // The rest of an id after the service begins with its time, in digits.
  const older = own.sort().slice(0, -KEPT_ROLLOUTS);
  const removed: string[] = [];
  for (const id of older) {
    const path = join(folder, id);
    const files = await readdir(path);
    const times = await Promise.all(files.map(async (file) => (await stat(join(path, file))).mtimeMs));
    if (nowMs - Math.max(0, ...times) < KEPT_MS) continue;
    await rm(path, { recursive: true });
    removed.push(id);
  }
  return removed;
}

function emptyIfNone(error: unknown): string[] {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
  throw error;
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
}

/** Removes a last line that a crash left incomplete. @returns the size of the file, in bytes; 0 if there is none */
async function withoutBrokenLine(path: string): Promise<number> {
  const text = await textOf(path);
  const size = Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1));
  if (text !== "") await truncate(path, size);
  return size;
}
