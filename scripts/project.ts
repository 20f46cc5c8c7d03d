import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { version } from "../package.json" with { type: "json" };

/** The folder of this tool, wherever it was cloned and from wherever a command was called. */
export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether this is the compiled program, which holds Bun, and no folder of this tool. (Bun, `--compile`) */
export const COMPILED = PROJECT.startsWith("/$bunfs") || /^[A-Z]:[\\/]~BUN/.test(PROJECT);

/** The versions of this project and of Bun, and the platform. */
export function versions(): { kyc: string; bun: string; platform: string } {
  return { kyc: version, bun: Bun.version, platform: `${process.platform} ${process.arch}` };
}
