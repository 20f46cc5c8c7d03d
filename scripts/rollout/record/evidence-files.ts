import { appendFile, mkdir, readFile, rename, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { EvidenceStore } from "./evidence-log.ts";

/** Evidence in two files of a folder. @param folder of this rollout alone */
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
        // A full disk may have taken a part of it.
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

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  });
}

/** Takes away a last line that a crash left incomplete. @returns the size of the file, in bytes; 0 where there is none */
async function withoutBrokenLine(path: string): Promise<number> {
  const text = await textOf(path);
  const size = Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1));
  if (text !== "") await truncate(path, size);
  return size;
}
