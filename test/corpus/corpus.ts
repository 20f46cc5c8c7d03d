import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { FieldPath, ManifestDocument } from "../../scripts/manifests/document.ts";
import { parseDocuments } from "../../scripts/manifests/document.ts";
import { isRecord } from "../../scripts/schema/value.ts";
import { compareDocuments, type ComparedDocuments } from "../../scripts/traffic/equal/compare-documents.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { reasonFor } from "./reasons.ts";
import { messageOf } from "../../scripts/text/message-of.ts";

/** A YAML file with objects that affect traffic. */
export interface CorpusFile {
  name: string;
  objects: unknown[];
  /** The documents of each object. */
  documents: ManifestDocument[][];
}

/** The verdicts of `equal`, with refusals and exceptions as separate ones. */
export type Verdict = "equal" | "different" | "unknown" | "refused" | "no host" | "thrown";

/** A verdict and, if it is not equal or different, why. */
export interface Judged {
  verdict: Verdict;
  why: string[];
}

/** The results of the mutants of a file. */
export interface MutantTally {
  verdicts: Record<string, number>;
  /** The number of mutants called equal, by the reason why their field has no effect. */
  harmless: Map<string, number>;
  /** The number of undecided mutants, by the first reason. */
  unknown: Map<string, number>;
  /** Descriptions of the mutants that were called equal without such a reason. */
  unexplained: string[];
}

const ROUTING = /^\s*"?kind"?:\s*"?(VirtualService|DestinationRule|Gateway)\b|serving\.knative\.dev\//m;

/** The files below a folder that contain routes or Knative Services; without templates, which are not YAML. */
export function readCorpus(folder: string): { files: CorpusFile[]; unreadable: string[] } {
  const files: CorpusFile[] = [];
  const unreadable: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.ya?ml$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const text = readFileSync(path, "utf8");
    if (!ROUTING.test(text)) continue;
    const name = relative(folder, path);
    const { documents, problems } = parseDocuments(name, text);
    if (problems.length > 0) unreadable.push(name);
    else {
      const objects = documents.map(({ value }) => value).filter(isRecord);
      // What names such kinds only, as the settings of a kustomization do, is no object for a cluster.
      if (!objects.some(isOfRoutes)) continue;
      files.push({ name, objects, documents: objects.map((object) => documentsOf(name, object)) });
    }
  }
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { files, unreadable: unreadable.sort() };
}

function isOfRoutes(object: Record<string, unknown>): boolean {
  const { apiVersion, kind, items } = object;
  if (Array.isArray(items)) return items.filter(isRecord).some(isOfRoutes);
  const isOfIstio = ["VirtualService", "DestinationRule", "Gateway"].includes(String(kind));
  return isOfIstio || String(apiVersion).startsWith("serving.knative.dev/");
}

/** The verdict of `equal` for two lists of documents. */
export function judge(a: readonly ManifestDocument[], b: readonly ManifestDocument[]): Judged {
  try {
    const sides = [
      { name: "a", documents: a },
      { name: "b", documents: b },
    ] as const;
    return inWords(compareDocuments(sides, { domain: "example.com", revisionHeader: undefined }));
  } catch (error) {
    return { verdict: "thrown", why: [messageOf(error)] };
  }
}

function documentsOf(name: string, object: unknown): ManifestDocument[] {
  return parseDocuments(name, JSON.stringify(object, undefined, 1)).documents;
}

function inWords(compared: ComparedDocuments): Judged {
  switch (compared.kind) {
    case "refused":
      return {
        verdict: "refused",
        why: compared.problems.map(({ code, field, message }) => `${code} at ${field}: ${message}`),
      };
    case "no host":
      return { verdict: "no host", why: [] };
    case "compared": {
      const { verdict, unread, doubts } = compared.comparison;
      const why = verdict === "unknown" ? [...unread, ...doubts.map((doubt) => doubt.why)] : [];
      return { verdict, why };
    }
  }
}

/** The mutants of a file for which a wrong verdict of `equal` can be recognised. */
export function* mutantsIn({ objects }: CorpusFile): Generator<Mutant> {
  yield* mutantsOf(objects);
}

/** Adds the verdict for a mutant to a tally. */
export function tallyMutant(
  { name, objects, documents }: CorpusFile,
  mutant: Mutant,
  tally: MutantTally,
): void {
  const changed = documentsOf(name, mutant.objects[mutant.object]);
  const after = documents.flatMap((own, i) => (i === mutant.object ? changed : own));
  const { verdict, why } = judge(documents.flat(), after);
  tally.verdicts[verdict] = (tally.verdicts[verdict] ?? 0) + 1;
  const field = fieldName(objects[mutant.object], mutant.path);
  const what = `${name}: ${field} (${formatted(mutant.path)}) ${mutant.change}`;
  if (verdict === "thrown") tally.unexplained.push(`${what}: thrown: ${why.join("; ")}`);
  if (verdict === "unknown") {
    const reason = withoutNames(why[0] ?? "");
    tally.unknown.set(reason, (tally.unknown.get(reason) ?? 0) + 1);
  }
  if (verdict !== "equal") return;
  const reason = reasonFor(field, mutant, objects);
  if (reason === undefined) tally.unexplained.push(`${what}: called equal, and no reason is known`);
  else tally.harmless.set(reason.why, (tally.harmless.get(reason.why) ?? 0) + 1);
}

/** A reason without its particular positions and names. */
export function withoutNames(why: string): string {
  return why
    .replace(/^\S+:[0-9]+: /, "")
    .replace(/\[[0-9]+\]/g, "")
    .replace(/ ?\([^)]*:[0-9]+\)/g, "")
    .replace(/\b(on|and|behind|Service|Gateway|[A-Z][A-Za-z]+) [a-z0-9-]+[/.][a-z0-9./*-]+/g, "$1 NAME")
    .slice(0, 130);
}

/** Kind and field, without list indices. */
function fieldName(object: unknown, path: FieldPath): string {
  const kind = isRecord(object) ? kindName(object) : "?";
  return [kind, ...path.filter((key) => typeof key === "string").map((key) => key.replaceAll(".", "·"))].join(
    ".",
  );
}

function kindName({ apiVersion, kind }: Record<string, unknown>): string {
  return String(apiVersion).startsWith("serving.knative.dev/") ? `Knative ${kind}` : String(kind);
}

const formatted = (path: FieldPath): string =>
  path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
    .join("")
    .replace(/^\./, "");
