import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The folder for the files of rollouts, next to knative/ and istio/. */
export const ROLLOUT_FOLDER = "rollouts";

/** The file next to knative/ and istio/ that defines how images run on this machine. */
export const DEV_FILE = "dev.yaml";

/** The folders that hold the manifests, below the one that a command works on. */
export const MANIFEST_FOLDERS = ["knative", "istio"] as const;

/**
 * Returns those of {@link MANIFEST_FOLDERS} that a folder has; all of them if it has none, so that readers report it.
 */
export function manifestFolders(root: string): readonly string[] {
  const found = MANIFEST_FOLDERS.filter((folder) => existsSync(join(root, folder)));
  return found.length === 0 ? MANIFEST_FOLDERS : found;
}

/**
 * Returns the folder whose manifests a command works on, and that holds its state: the nearest one at or above the
 * working directory that has knative/ and istio/, or one of them next to dev.yaml, else the nearest one that has
 * either, else the working directory. It is the folder of this tool only if that is the working directory.
 */
export function manifestsFolder(from: string = process.cwd()): string {
  const above: string[] = [];
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    above.push(folder);
    if (folder === dirname(folder)) break;
  }
  const holds = (folder: string) => (name: string) => existsSync(join(folder, name));
  return (
    above.find((folder) => {
      const has = MANIFEST_FOLDERS.filter(holds(folder)).length;
      return has === MANIFEST_FOLDERS.length || (has > 0 && holds(folder)(DEV_FILE));
    }) ??
    above.find((folder) => MANIFEST_FOLDERS.some(holds(folder))) ??
    resolve(from)
  );
}
