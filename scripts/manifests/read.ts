import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type ManifestDocument, parseDocuments } from "./document.ts";
import { Kustomization } from "./kinds/core.ts";
import type { Problem } from "./problem.ts";
import { collectResources, type Resources } from "./resources.ts";
import { validate } from "./validate.ts";

export interface ReadManifests {
  resources: Resources;
  /** Errors and warnings, in the order of the files. With an error among them the resources are not to be used. */
  problems: Problem[];
}

const KUSTOMIZATION = "kustomization.yaml";

/**
 * Reads what folders describe, as `kubectl apply` would: a folder with a `kustomization.yaml` is what that file
 * lists, any other folder is all its YAML files and folders, in the order of their names with numbers as numbers.
 * @param root the folder that file names in problems are relative to
 */
export async function readManifests(root: string, folders: readonly string[]): Promise<ReadManifests> {
  const documents: ManifestDocument[] = [];
  const problems: Problem[] = [];
  for (const folder of folders) await readFolder(join(root, folder), undefined);
  const collected = collectResources(documents);
  return { resources: collected.resources, problems: [...problems, ...collected.problems] };

  async function readFolder(folder: string, listedBy: Problem["at"] | undefined): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) {
      problems.push(missing(folder, listedBy));
      return;
    }
    if (entries.some((entry) => entry.name === KUSTOMIZATION))
      return readKustomization(join(folder, KUSTOMIZATION));
    const names = entries.map((entry) => entry.name).sort(byNameAndNumber);
    for (const name of names) {
      const path = join(folder, name);
      if (entries.find((entry) => entry.name === name)?.isDirectory()) await readFolder(path, listedBy);
      else if (/\.ya?ml$/.test(name)) await readFileDocuments(path, listedBy);
    }
  }

  async function readKustomization(path: string): Promise<void> {
    const read = await parse(path, undefined);
    const document = read?.[0];
    if (document === undefined) return;
    const { value, problems: invalid } = validate(Kustomization, document);
    problems.push(...invalid);
    for (const [i, resource] of (value?.resources ?? []).entries()) {
      const listedBy = document.at(["resources", i]);
      const target = join(dirname(path), resource);
      const isFolder = (await stat(target).catch(() => undefined))?.isDirectory() === true;
      if (isFolder) await readFolder(target, listedBy);
      else await readFileDocuments(target, listedBy);
    }
  }

  async function readFileDocuments(path: string, listedBy: Problem["at"] | undefined): Promise<void> {
    documents.push(...((await parse(path, listedBy)) ?? []));
  }

  async function parse(
    path: string,
    listedBy: Problem["at"] | undefined,
  ): Promise<ManifestDocument[] | undefined> {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text === undefined) {
      problems.push(missing(path, listedBy));
      return undefined;
    }
    const parsed = parseDocuments(relative(root, path), text);
    problems.push(...parsed.problems);
    return parsed.documents;
  }

  function missing(path: string, listedBy: Problem["at"] | undefined): Problem {
    const name = relative(root, path);
    return {
      severity: "error",
      at: listedBy ?? { file: name, line: 1, column: 1 },
      field: "",
      message: `${name} cannot be read`,
      fix: listedBy ? "correct the name, or take it off the list" : "restore it, for example by git checkout",
    };
  }
}

/** `2-x.yaml` before `10-y.yaml`: the order in which the states of an object follow each other. */
function byNameAndNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
