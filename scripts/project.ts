import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, wherever it was cloned and from wherever a command was called. */
export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
