import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { EXIT, Failure } from "../../exit.ts";
import { MANIFEST_FOLDERS } from "../../manifests/folders.ts";
import { programs } from "../../cluster/programs.ts";
import type { ManifestDocument } from "../../manifests/document.ts";
import type { Built, ReadOptions } from "../../manifests/read.ts";
import type { Problem } from "../../manifests/problem.ts";

/** Files in problems are named from here, as the user names them. */
const HERE = process.cwd();

/** The manifests at the given paths. */
export interface ReadPaths {
  documents: ManifestDocument[];
  problems: Problem[];
  /** The files that were read, as problems name them. */
  files: string[];
}

/** How problems name standard input. */
export const STANDARD_INPUT = "standard input";

/**
 * Reads files, folders and kustomizations, in the order in which they are given; `-` is standard input.
 * @param open reads a file of a folder; by default without a cache
 * @throws Failure when there is no such file, or standard input is named twice
 */
export async function readPaths(paths: readonly string[], open?: ReadOptions["open"]): Promise<ReadPaths> {
  const [{ parseDocuments }, { readDocuments }] = await Promise.all([
    import("../../manifests/document.ts"),
    import("../../manifests/read.ts"),
  ]);
  const all: ReadPaths = { documents: [], problems: [], files: [] };
  for (const path of paths) {
    const { documents, problems, files } = await readPath(path);
    all.documents.push(...documents);
    all.problems.push(...problems);
    all.files.push(...files);
  }
  return all;

  async function readPath(path: string): Promise<ReadPaths> {
    if (path === "-") return parsed(STANDARD_INPUT, await standardInput());
    const found = await stat(path).catch(() => undefined);
    if (found === undefined)
      throw new Failure(`${path} cannot be read: there is no such file or folder`, EXIT.usage);
    const isKustomization = /^kustomization(\.ya?ml)?$/i.test(basename(path));
    if (found.isDirectory() || isKustomization)
      return readDocuments(HERE, await foldersOf(found.isDirectory() ? path : dirname(path)), {
        build: buildKustomization,
        open,
      });
    return parsed(fromHere(path), await readFile(path, "utf8"));
  }

  function parsed(file: string, text: string): ReadPaths {
    return { ...parseDocuments(file, text), files: [file] };
  }
}

/** A folder, or its knative/ and istio/ if it has them, because its other files do not describe objects of a cluster. */
async function foldersOf(path: string): Promise<string[]> {
  const found = await existing(MANIFEST_FOLDERS.map((name) => inFolder(path, name)));
  return found.length > 0 ? found : [fromHere(path)];
}

/** Builds with the program on the PATH. Neither program runs plug-ins without a flag. */
async function buildKustomization(folder: string): Promise<Built> {
  const shown = fromHere(folder);
  for (const command of [
    ["kubectl", "kustomize"],
    ["kustomize", "build"],
  ] as const) {
    if (!programs.has(command[0])) continue;
    const { code, out, err } = await programs.run([...command, folder]);
    if (code === 0) return { command: [...command, shown].join(" "), text: out };
    return { failed: `${[...command, shown].join(" ")} failed: ${err.trim().split("\n")[0]}` };
  }
  return { failed: "neither kubectl nor kustomize is on the PATH" };
}

let standardInputText: Promise<string> | undefined;

// A second `-` reads the same text, as in `equal - -`.
function standardInput(): Promise<string> {
  standardInputText ??= Bun.stdin.text();
  return standardInputText;
}

/** A path below the folder of the manifests, as shown in problems. */
export function inFolder(folder: string, path: string): string {
  return fromHere(join(folder, path));
}

/** The default paths: knative/ and istio/ of a folder, or the whole folder if it has neither. */
export async function defaultPaths(folder: string): Promise<string[]> {
  return foldersOf(folder);
}

/** The existing paths among several. */
export async function existing(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => [path],
        () => [],
      ),
    ),
  );
  return found.flat();
}

/** A path as shown in problems. */
export function fromHere(path: string): string {
  return relative(HERE, resolve(path)) || ".";
}
