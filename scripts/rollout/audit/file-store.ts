import { mkdir, open, readFile, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import type { AuditStore } from "./audit-log.ts";

/** An audit log in a file, one line at a time. A line counts after it is on the disk. */
export function fileStore(path: string): AuditStore {
  return {
    async lines() {
      const text = await readFile(path, "utf8").catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
        throw error;
      });
      const end = text.lastIndexOf("\n") + 1;
      // A line that a crash left incomplete was never acknowledged.
      if (end < text.length) await truncate(path, Buffer.byteLength(text.slice(0, end)));
      return end === 0 ? [] : text.slice(0, end - 1).split("\n");
    },
    async add(line) {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(path, "a");
      try {
        await file.write(`${line}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}
