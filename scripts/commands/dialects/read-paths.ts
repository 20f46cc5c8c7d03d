import { readFile, stat } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { EXIT, Failure } from "../../exit.ts";
import type { ManifestDocument } from "../../manifests/document.ts";
import type { Problem } from "../../manifests/problem.ts";

/** Files in problems are named from here, as the user names them. */
const HERE = process.cwd();

/**
 * Reads files, folders and kustomizations, in the order in which they are given.
 * @throws Failure when there is no such file
 */
export async function readPaths(
  paths: readonly string[],
): Promise<{ documents: ManifestDocument[]; problems: Problem[] }> {
  const [{ parseDocuments }, { readDocuments }] = await Promise.all([
    import("../../manifests/document.ts"),
    import("../../manifests/read.ts"),
  ]);
  const documents: ManifestDocument[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined)
      throw new Failure(`${path} cannot be read: there is no such file or folder`, EXIT.usage);
    const isKustomization = /^kustomization\.ya?ml$/i.test(basename(path));
    const read =
      found.isDirectory() || isKustomization
        ? await readDocuments(HERE, [fromHere(found.isDirectory() ? path : dirname(path))])
        : parseDocuments(fromHere(path), await readFile(path, "utf8"));
    documents.push(...read.documents);
    problems.push(...read.problems);
  }
  return { documents, problems };
}

/** A path as it is named in problems. */
export function fromHere(path: string): string {
  return relative(HERE, resolve(path)) || ".";
}
