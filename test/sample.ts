import { existsSync } from "node:fs";
import { cp, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../scripts/project.ts";

/**
 * The manifests that tests read: a frozen copy of the repository's own, so that tests can rely on their numbers. Users edit
 * `knative/`, `istio/` and `next/` in the repository's root; only own-manifests.test.ts reads those.
 */
export const SAMPLE = join(PROJECT, "test/fixtures/kyc");

/** The folders of the sample with the system's manifests. */
export const FOLDERS = ["knative", "istio"];
/** The splits that `istio/split` offers. */
export const SPLITS = ["by-knative", "by-istio", "by-istio-tags"];

/** A replacement in one file of a copy. */
export interface Edit {
  file: string;
  from: string | RegExp;
  to: string;
}

/** The edit that selects a split: one line in istio/kustomization.yaml. */
export function choose(...splits: string[]): Edit {
  const lines = splits.map((split) => `  - split/${split}`);
  return { file: "istio/kustomization.yaml", from: /^ +- split\/.*$/m, to: lines.join("\n") };
}

/** Calls `use` with an edited copy of the sample, and removes the copy afterwards. */
export async function withSample<T>(edits: readonly Edit[], use: (root: string) => Promise<T>): Promise<T> {
  await using copy = await copyOf(SAMPLE, edits);
  return await use(copy.root);
}

/** A copy of the sample with the project's functions, from which a mesh can run. */
export async function sampleToRun(edits: readonly Edit[] = []): Promise<{ root: string } & AsyncDisposable> {
  const copy = await copyOf(SAMPLE, edits);
  await symlink(join(PROJECT, "functions"), join(copy.root, "functions"));
  return copy;
}

/**
 * A temporary copy of the manifests under a folder, edited.
 * @throws {Error} if a file does not contain the text that an edit replaces
 */
export async function copyOf(
  source: string,
  edits: readonly Edit[],
): Promise<{ root: string } & AsyncDisposable> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "kyc-sample-")));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    for (const name of FOLDERS) await cp(join(source, name), join(root, name), { recursive: true });
    for (const name of ["dev.yaml", "checks.yaml"])
      if (existsSync(join(source, name))) await cp(join(source, name), join(root, name));
    for (const edit of edits) await apply(root, edit);
  } catch (error) {
    await remove();
    throw error;
  }
  return { root, [Symbol.asyncDispose]: remove };
}

async function apply(root: string, { file, from, to }: Edit): Promise<void> {
  const path = join(root, file);
  const before = await Bun.file(path).text();
  const after = before.replace(from, to);
  if (after === before && !before.includes(to)) throw new Error(`${file} has no ${from}`);
  await Bun.write(path, after);
}
