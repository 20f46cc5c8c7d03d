import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dir, "../../..");

/** The folders that describe the system, and the ways to split traffic that istio/split offers. */
export const FOLDERS = ["knative", "istio"];
export const SPLITS = ["by-knative", "by-istio", "by-istio-tags"];

/** Where a text is replaced in a file of the copy. */
export interface Edit {
  file: string;
  from: string | RegExp;
  to: string;
}

/** The edit that puts a split in force: the one line of istio/kustomization.yaml. */
export function choose(...splits: string[]): Edit {
  const lines = splits.map((split) => `  - split/${split}`);
  return { file: "istio/kustomization.yaml", from: /^ +- split\/.*$/m, to: lines.join("\n") };
}

/** Does something with a copy of the repository's own manifests. */
export async function withRepository<T>(
  edits: readonly Edit[],
  use: (root: string) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), "repository-"));
  try {
    for (const name of FOLDERS) await cp(join(PROJECT, name), join(root, name), { recursive: true });
    for (const { file, from, to } of edits) {
      const path = join(root, file);
      const before = await Bun.file(path).text();
      const after = before.replace(from, to);
      if (after === before && !before.includes(to)) throw new Error(`${file} has no ${from}`);
      await Bun.write(path, after);
    }
    return await use(root);
  } finally {
    await rm(root, { recursive: true });
  }
}
