import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { version } from "../package.json" with { type: "json" };

/** The folder of this tool's repository. */
export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether this is the compiled program (Bun, `--compile`), which contains Bun and has no folder of this tool. */
export const COMPILED = PROJECT.startsWith("/$bunfs") || /^[A-Z]:[\\/]~BUN/.test(PROJECT);

/** The versions of this project and of Bun, and the platform. */
export function versions(): { kyc: string; bun: string; platform: string } {
  return { kyc: version, bun: Bun.version, platform: `${process.platform} ${process.arch}` };
}
