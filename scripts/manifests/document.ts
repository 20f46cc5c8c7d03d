import {
  type Alias,
  type CollectionTag,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ScalarTag,
  Schema,
  type Tags,
  type YAMLMap,
} from "yaml";
import Type from "typebox";
import { Check } from "typebox/schema";
import { type FieldOffset, findByTable, type FindOffset } from "./field-offsets.ts";
import type { Position, Problem } from "./problem.ts";
import { readDocument, refusedCharacter, type YamlFault } from "./yaml-faults.ts";
import { isRecord } from "../schema/value.ts";
import { parseWithinLimits } from "./yaml-limits.ts";

const List = Type.Object({
  apiVersion: Type.Literal("v1"),
  kind: Type.Literal("List"),
  items: Type.Array(Type.Unknown()),
});

/** The path of a field: keys and indices from the document's root. */
export type FieldPath = readonly (string | number)[];

/** One object of a file, with the position of each field. */
export interface ManifestDocument {
  readonly file: string;
  /** The object as plain data. */
  readonly value: unknown;
  /** The position of a field's value; for a missing field, that of its nearest parent. */
  at(path: FieldPath): Position;
  /** The position of a field's name. */
  atKey(path: FieldPath): Position;
}

/** Reads the YAML documents of one file, without empty ones. Invalid YAML is reported as problems. */
export function parseDocuments(
  file: string,
  text: string,
): { documents: ManifestDocument[]; problems: Problem[] } {
  const lines = new LineCounter();
  const documents: ManifestDocument[] = [];
  const problems: Problem[] = [];
  const plain = text.replace(/^\uFEFF/, "");
  const parsed = parseWithinLimits(plain, lines, {
    schema: AS_KUBECTL_READS,
    stringKeys: true,
    prettyErrors: false,
    logLevel: "error",
  });
  if (!Array.isArray(parsed)) {
    const { offset, ...said } = parsed;
    return {
      documents,
      problems: [{ code: "yaml-limit", severity: "error", at: position(offset), field: "", ...said }],
    };
  }
  const refused = refusedCharacter(plain);
  if (refused !== undefined) return { documents, problems: [syntaxProblem(refused)] };
  for (const document of parsed) {
    const read = readDocument(document, text.includes("*"));
    if ("value" in read) {
      documents.push(...objectsIn(file, lines.lineStarts, document, read.value));
      continue;
    }
    problems.push(...read.faults.map(syntaxProblem));
  }
  return { documents, problems };

  function syntaxProblem({ offset, message, fix }: YamlFault): Problem {
    const at = position(offset);
    const line = plain.slice(offset - at.column + 1).split("\n", 1)[0] ?? "";
    const advice = TEMPLATE.test(line)
      ? "render the template, for example: helm template . | ./kyc lint -"
      : fix;
    return {
      code: "yaml-syntax",
      severity: "error",
      at,
      field: "",
      message: `not valid YAML: ${inSentence(message)}`,
      ...(advice === undefined ? {} : { fix: advice }),
    };
  }

  function position(offset: number): Position {
    return positionAt(file, lines.lineStarts, offset);
  }
}

/** The object of a document, or those of a List as `kubectl get -o yaml` prints it. */
function objectsIn(
  file: string,
  lineStarts: number[],
  document: Document.Parsed,
  value: unknown,
): ManifestDocument[] {
  if (value === null) return [];
  const find = findByTable(document, value) ?? ((path) => findByNodes(document, path));
  const isList = isRecord(value) && value["kind"] === "List" && Check(List, value);
  if (!isList) return [manifestDocument(file, lineStarts, find, value)];
  return value.items.map((item, i) =>
    manifestDocument(file, lineStarts, (path) => find(["items", i, ...path]), item),
  );
}

// Returns a document that references as little as possible, and neither the text nor the nodes, since its references
// live as long as it does.
function manifestDocument(
  file: string,
  lineStarts: number[],
  find: FindOffset,
  value: unknown,
): ManifestDocument {
  return {
    file,
    value,
    at: (path) => positionAt(file, lineStarts, find(path).value),
    atKey: (path) => positionAt(file, lineStarts, find(path).key),
  };
}

function positionAt(file: string, lineStarts: number[], offset: number): Position {
  const counter = new LineCounter();
  counter.lineStarts = lineStarts;
  const { line, col } = counter.linePos(offset);
  return { file, line, column: col };
}

// One for all documents: creating a schema takes a fifth of the time of reading a short document.
const AS_KUBECTL_READS = new Schema({
  schema: "yaml-1.1",
  customTags: asKubectlReads,
  resolveKnownTags: true,
});

// Adapts the tags to kubectl: it reads YAML 1.1, where an unquoted yes is a boolean, which a string field refuses.
// Unlike YAML 1.1, it reads dates, base-60 numbers and a single dot as strings.
function asKubectlReads(tags: Tags): Tags {
  return tags.flatMap((known) => {
    const tag = known as ScalarTag | (CollectionTag & { format?: never; test?: never });
    if (tag.tag.endsWith(":timestamp") || tag.format === "TIME") return [];
    return tag.test?.test(".") ? [{ ...tag, test: /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+)$/ }] : [tag];
  });
}

/** An action of a Go template, as in the files of a Helm chart. */
const TEMPLATE = /\{\{.*\}\}/;

/** A message of the parser, in a form that ends a sentence. */
function inSentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, "");
}

/** An entry of a map or list. An entry of a list has no key; if the value is missing, it is the key's node. */
interface Entry {
  key: Node | null;
  value: Node | null;
}

function findByNodes(document: Document, path: FieldPath): FieldOffset {
  let entry: Entry = { key: null, value: document.contents };
  for (const step of path) {
    const next = entryAt(document, followed(document, entry.value), step);
    if (next === undefined) break;
    entry = next;
  }
  const value = followed(document, entry.value);
  return { key: (entry.key ?? value)?.range?.[0] ?? 0, value: value?.range?.[0] ?? 0 };
}

function entryAt(document: Document, node: Node | null, step: string | number): Entry | undefined {
  if (isMap<Node, Node | null>(node)) return entryOf(document, node, String(step));
  const item = isSeq<Node>(node) && typeof step === "number" ? node.items[step] : undefined;
  return item && { key: null, value: item };
}

function entryOf(document: Document, map: YAMLMap<Node, Node | null>, name: string): Entry | undefined {
  const own = map.items.find(({ key }) => isScalar(key) && key.value === name);
  if (own !== undefined) return { key: own.key, value: own.value ?? own.key };
  for (const { key, value } of map.items) {
    if (!isScalar(key) || key.value !== "<<") continue;
    const merged = followed(document, value);
    for (const source of isSeq<Node>(merged) ? merged.items : [merged]) {
      const found = entryAt(document, followed(document, source), name);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The node that an alias refers to. */
function followed(document: Document, node: Node | null): Node | null {
  return isAlias(node) ? ((node as Alias).resolve(document) ?? null) : node;
}
