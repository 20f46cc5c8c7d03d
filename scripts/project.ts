import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this tool, wherever it was cloned and from wherever a command was called. */
export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The versions of this project and of Bun, and the platform. */
export async function versions(): Promise<{ kyc: string; bun: string; platform: string }> {
  const { version }: { version?: unknown } = JSON.parse(
    await readFile(join(PROJECT, "package.json"), "utf8"),
  );
  return { kyc: String(version), bun: Bun.version, platform: `${process.platform} ${process.arch}` };
}
