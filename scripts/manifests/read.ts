import { readdir, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type Code, CODES } from "./codes/codes.ts";
import { type ManifestDocument, parseDocuments } from "./document.ts";
import { type OpenFile, readFileDocuments } from "./file-documents.ts";
import { Kustomization } from "./kinds/core.ts";
import { formatPath, type Position, type Problem } from "./problem.ts";
import { collectResources, type Resources } from "./resources.ts";
import { validate, type ValidateOptions } from "./validate.ts";

/** How files are read. */
export interface ReadOptions {
  /** Builds a kustomization that changes its objects; without it, each field that does so is an error. */
  build?: BuildKustomization | undefined;
  /** Reads and parses one file. @default `readFileDocuments` */
  open?: OpenFile | undefined;
}

export interface ReadManifests {
  resources: Resources;
  /** Errors and warnings, in the order of the files. The resources must not be used if there is an error. */
  problems: Problem[];
}

const KUSTOMIZATIONS = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** Whether a file of this name determines which files of its folder are read. */
export function isKustomization(name: string): boolean {
  return KUSTOMIZATIONS.includes(name);
}

/** Whether a file of this name holds objects. */
export function isManifest(name: string): boolean {
  return /\.(ya?ml|json)$/.test(name) && !name.startsWith(".");
}

/** Why a file or folder is read. */
interface Origin {
  /** The entry of a kustomization that names it, if one does. */
  listedBy: Position | undefined;
  /** The folders that are being read around it, each by its kustomization. */
  within: readonly string[];
}

/**
 * Reads the objects of folders and sorts them by kind. A kind that the mesh does not know is a problem.
 * @param root the folder that file names in problems are relative to
 */
export async function readManifests(
  root: string,
  folders: readonly string[],
  options: ValidateOptions & Pick<ReadOptions, "open"> = {},
): Promise<ReadManifests> {
  const { documents, problems } = await readDocuments(root, folders, { open: options.open });
  const collected = collectResources(documents, options);
  return { resources: collected.resources, problems: [...problems, ...collected.problems] };
}

/** A built kustomization: its objects as YAML, and the command that built it; or why it cannot be built. */
export type Built = { command: string; text: string } | { failed: string };

/** Builds the kustomization of a folder, as `kubectl kustomize` does. */
export type BuildKustomization = (folder: string) => Promise<Built>;

/**
 * Reads the objects of folders as `kubectl apply` would: in a folder with a kustomization, the files that it lists;
 * in any other folder, all its YAML and JSON files and folders, by name with numbers in numeric order. Names that
 * begin with a dot, such as editors' files, are skipped.
 */
export async function readDocuments(
  root: string,
  folders: readonly string[],
  { build, open = readFileDocuments }: ReadOptions = {},
): Promise<{ documents: ManifestDocument[]; problems: Problem[]; files: string[] }> {
  const documents: ManifestDocument[] = [];
  const problems: Problem[] = [];
  const files: string[] = [];
  for (const folder of folders) await readFolder(join(root, folder), { listedBy: undefined, within: [] });
  return { documents, problems, files };

  async function readFolder(folder: string, origin: Origin): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) return unreadable(folder, origin);
    const kustomization = KUSTOMIZATIONS.find((name) => entries.some((entry) => entry.name === name));
    if (kustomization !== undefined) return readKustomization(folder, kustomization, origin);
    if (origin.listedBy !== undefined) {
      const message = `the folder ${relative(root, folder)} has no ${KUSTOMIZATIONS[0]}`;
      return report(
        "kustomization-missing",
        origin.listedBy,
        message,
        "add one to it, or list its files here",
      );
    }
    // With thousands of files, joining each path and making it relative takes longer than checking for a change.
    const within = join(folder, "_").slice(0, -1);
    const withinRoot = relative(root, `${within}_`).slice(0, -1);
    for (const entry of inOrder(folder, entries)) {
      const [path, file] = [within + entry.name, withinRoot + entry.name];
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) await readFolder(path, origin);
      else if (!isManifest(entry.name)) continue;
      else if (entry.isFile() || !(await isNoFile(path)))
        documents.push(...(await openFile(path, origin, file)));
      else {
        const at = { file, line: 1, column: 1 };
        report("unreadable-file", at, `${file} is not a file`, "remove it from the folder");
      }
    }
  }

  async function readKustomization(folder: string, name: string, origin: Origin): Promise<void> {
    if (origin.listedBy !== undefined && origin.within.includes(folder)) {
      const message = `${relative(root, folder)} lists itself, directly or by another`;
      return report("kustomization-cycle", origin.listedBy, message, "remove it from the list");
    }
    const path = join(folder, name);
    const before = problems.length;
    const [document, second] = await openFile(path, origin);
    if (second !== undefined)
      report("kustomization-form", second.at([]), "a kustomization is one document", "leave one of them out");
    if (document === undefined) {
      const start = { file: relative(root, path), line: 1, column: 1 };
      if (problems.length === before)
        report("kustomization-form", start, "this kustomization is empty", "add resources, a list");
      return;
    }
    const { value, problems: invalid, unsupported } = validate(Kustomization, document);
    const [field] = unsupported;
    if (build !== undefined && field !== undefined)
      return readBuilt(await build(folder), folder, formatPath(field), document.atKey(field));
    problems.push(...invalid);
    const within = [...origin.within, folder];
    for (const [i, resource] of (value?.resources ?? []).entries()) {
      const inner = { listedBy: document.at(["resources", i]), within };
      const target = join(dirname(path), resource);
      const isFolder = (await stat(target).catch(() => undefined))?.isDirectory() === true;
      if (isFolder) await readFolder(target, inner);
      else documents.push(...(await openFile(target, inner)));
    }
  }

  function readBuilt(built: Built, folder: string, field: string, at: Position): void {
    if ("failed" in built) {
      const command = `kubectl kustomize ${relative(root, folder) || "."}`;
      const message = `${field} changes the objects, and is not built here: ${built.failed}`;
      return report(
        "kustomization-build",
        at,
        message,
        `run ${command} and give its output, for example: ${command} | ./kyc lint -`,
      );
    }
    const parsed = parseDocuments(`output of ${built.command}`, built.text);
    documents.push(...parsed.documents);
    problems.push(...parsed.problems);
  }

  async function openFile(
    path: string,
    origin: Origin,
    file = relative(root, path),
  ): Promise<ManifestDocument[]> {
    const parsed = await open(path, file);
    if (parsed === undefined) {
      unreadable(path, origin);
      return [];
    }
    files.push(file);
    problems.push(...parsed.problems);
    return parsed.documents;
  }

  function unreadable(path: string, { listedBy }: Origin): void {
    const file = relative(root, path);
    const message = `${file} cannot be read`;
    if (listedBy === undefined)
      report(
        "unreadable-file",
        { file, line: 1, column: 1 },
        message,
        "restore it, for example by git checkout",
      );
    else report("unreadable-file", listedBy, message, "correct the name, or remove it from the list");
  }

  function report(code: Code, at: Position, message: string, fix: string): void {
    problems.push({ code, severity: CODES[code].severity, at, field: "", message, fix });
  }
}

/** Whether a path leads to something other than a file. Opening a named pipe blocks until it has a writer. */
async function isNoFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === false;
}

const COLLATOR = new Intl.Collator("en", { numeric: true });

/**
 * The last order of each large folder: sorting thousands of names again takes longer than reading the changed files.
 */
const orders = new Map<string, Map<string, number>>();
const LARGE = 1000;

/** `2-x.yaml` before `10-y.yaml`: the order of the states of an object. */
function inOrder<Entry extends { name: string }>(folder: string, entries: readonly Entry[]): Entry[] {
  const places = orders.get(folder);
  if (places?.size === entries.length) {
    const known = entries.flatMap((entry) => {
      const place = places.get(entry.name);
      return place === undefined ? [] : [{ entry, place }];
    });
    if (known.length === entries.length)
      return known.sort((a, b) => a.place - b.place).map(({ entry }) => entry);
  }
  const sorted = entries.toSorted(({ name: a }, { name: b }) => COLLATOR.compare(a, b) || (a < b ? -1 : 1));
  if (sorted.length >= LARGE) orders.set(folder, new Map(sorted.map(({ name }, i) => [name, i])));
  return sorted;
}
