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
  visit,
  type YAMLMap,
} from "yaml";
import Type from "typebox";
import { Check } from "typebox/schema";
import type { Position, Problem } from "./problem.ts";
import { parseWithinLimits } from "./yaml-limits.ts";

const List = Type.Object({
  apiVersion: Type.Literal("v1"),
  kind: Type.Literal("List"),
  items: Type.Array(Type.Unknown()),
});

/** The way to a field: keys and indices from the document's root. */
export type FieldPath = readonly (string | number)[];

/** One object of a file, which still knows where each field stands. */
export interface ManifestDocument {
  readonly file: string;
  /** The object as plain data. */
  readonly value: unknown;
  /** Where a field's value stands; the nearest existing parent's place for a field that is not there. */
  at(path: FieldPath): Position;
  /** Where a field's name stands. */
  atKey(path: FieldPath): Position;
}

/**
 * Reads the YAML documents of one file; empty ones are passed over. A document that is not valid YAML comes back as
 * problems instead.
 */
export function parseDocuments(
  file: string,
  text: string,
): { documents: ManifestDocument[]; problems: Problem[] } {
  const lines = new LineCounter();
  const documents: ManifestDocument[] = [];
  const problems: Problem[] = [];
  const parsed = parseWithinLimits(text.replace(/^\uFEFF/, ""), lines, {
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
  for (const document of parsed) {
    const read = readDocument(document, text.includes("*"));
    if ("value" in read) {
      documents.push(...objectsIn(document, read.value));
      continue;
    }
    for (const { offset, message } of read.faults) {
      problems.push({
        code: "yaml-syntax",
        severity: "error",
        at: position(offset),
        field: "",
        message: `not valid YAML: ${inSentence(message)}`,
      });
    }
  }
  return { documents, problems };

  function position(offset: number): Position {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  }

  /** The object of a document, or those of a List as `kubectl get -o yaml` prints it. */
  function objectsIn(document: Document.Parsed, value: unknown): ManifestDocument[] {
    if (value === null) return [];
    if (!Check(List, value)) return [manifestDocument(document, value)];
    return value.items.map((item, i) => manifestDocument(document, item, ["items", i]));
  }

  /** @param within where in the document the object is */
  function manifestDocument(
    document: Document.Parsed,
    value: unknown,
    within: FieldPath = [],
  ): ManifestDocument {
    return {
      file,
      value,
      at: (path) => position(findEntry(document, [...within, ...path]).value?.range?.[0] ?? 0),
      atKey(path) {
        const { key, value } = findEntry(document, [...within, ...path]);
        return position((key ?? value)?.range?.[0] ?? 0);
      },
    };
  }
}

// One for all documents: making a schema takes a fifth of the time that a short document takes.
const AS_KUBECTL_READS = new Schema({
  schema: "yaml-1.1",
  customTags: asKubectlReads,
  resolveKnownTags: true,
});

// kubectl reads YAML 1.1: an unquoted yes is a boolean there, and a manifest that takes it for a text is refused. Of
// 1.1 it leaves out dates and base-60 numbers: those are texts to it, and so is a lone dot.
function asKubectlReads(tags: Tags): Tags {
  return tags.flatMap((known) => {
    const tag = known as ScalarTag | (CollectionTag & { format?: never; test?: never });
    if (tag.tag.endsWith(":timestamp") || tag.format === "TIME") return [];
    return tag.test?.test(".") ? [{ ...tag, test: /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+)$/ }] : [tag];
  });
}

interface Fault {
  offset: number;
  message: string;
}

/** @param mayAlias whether its text has an asterisk at all: looking at each node takes as long as parsing does */
function readDocument(
  document: Document.Parsed,
  mayAlias: boolean,
): { value: unknown } | { faults: Fault[] } {
  const faults: Fault[] = [...document.errors, ...document.warnings].map(({ code, pos, message }) => {
    return { offset: pos[0], message: code === "NON_STRING_KEY" ? "a key must be a text" : message };
  });
  if (mayAlias)
    visit(document, {
      Alias(_, alias) {
        if (alias.resolve(document) !== undefined) return;
        faults.push({ offset: alias.range?.[0] ?? 0, message: `there is no anchor &${alias.source} before` });
      },
    });
  if (faults.length > 0) return { faults };
  try {
    return { value: document.toJS() };
  } catch (error) {
    // What only shows when it is put together: a merge of what is no map, aliases that grow beyond all measure.
    const message = error instanceof Error ? error.message : String(error);
    const start = document.contents?.range?.[0] ?? 0;
    if (error instanceof ReferenceError && message.startsWith("Excessive alias count"))
      return {
        faults: [{ offset: lastAlias(document) ?? start, message: "its aliases stand for too many values" }],
      };
    return { faults: [{ offset: start, message }] };
  }
}

/** The offset of the last alias, which stands for the most where aliases stand for others. */
function lastAlias(document: Document.Parsed): number | undefined {
  let last: number | undefined;
  visit(document, {
    Alias(_, { range }) {
      last = range?.[0];
    },
  });
  return last;
}

/** A message of the parser as the end of a sentence of ours. */
function inSentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, "");
}

/** An entry of a map or list; a list's has no key, and a missing value is the key itself. */
interface Entry {
  key: Node | null;
  value: Node | null;
}

function findEntry(document: Document, path: FieldPath): Entry {
  let entry: Entry = { key: null, value: document.contents };
  for (const step of path) {
    const next = entryAt(document, followed(document, entry.value), step);
    if (next === undefined) break;
    entry = next;
  }
  return { ...entry, value: followed(document, entry.value) };
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

/** What an alias stands for. */
function followed(document: Document, node: Node | null): Node | null {
  return isAlias(node) ? ((node as Alias).resolve(document) ?? null) : node;
}
