import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import type { Position, Problem } from "./problem.ts";

/** The way to a field: keys and indices from the document's root. */
export type FieldPath = readonly (string | number)[];

/** One YAML document of a file, which still knows where each field stands. */
export interface ManifestDocument {
  readonly file: string;
  /** The document as plain data. */
  readonly value: unknown;
  /** Where a field's value stands; the nearest existing parent's place for a field that is not there. */
  at(path: FieldPath): Position;
  /** Where a field's name stands. */
  atKey(path: FieldPath): Position;
}

/** Names a path as people write it: `spec.http[0].match`. */
export function formatPath(path: FieldPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `["${step}"]`;
  }
  return text;
}

/**
 * Reads the YAML documents of one file; empty ones are passed over. Syntax errors come back as problems, and
 * then the documents are not to be used.
 */
export function parseDocuments(
  file: string,
  text: string,
): { documents: ManifestDocument[]; problems: Problem[] } {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, version: "1.2", prettyErrors: false });
  const documents: ManifestDocument[] = [];
  const problems: Problem[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    for (const error of [...document.errors, ...document.warnings]) {
      problems.push({
        severity: "error",
        at: position(error.pos[0]),
        field: "",
        message: `not valid YAML: ${error.message.toLowerCase().replace(/\.$/, "")}`,
      });
    }
    if (document.errors.length > 0 || document.contents === null || isEmptyScalar(document)) continue;
    documents.push(manifestDocument(document));
  }
  return { documents, problems };

  function position(offset: number): Position {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  }

  function manifestDocument(document: Document.Parsed): ManifestDocument {
    return {
      file,
      value: document.toJS(),
      at: (path) => position(findNode(document, path).value?.range?.[0] ?? 0),
      atKey(path) {
        const { key, value } = findNode(document, path);
        return position((key ?? value)?.range?.[0] ?? 0);
      },
    };
  }
}

function isEmptyScalar(document: Document.Parsed): boolean {
  return isScalar(document.contents) && document.contents.value === null;
}

function findNode(document: Document.Parsed, path: FieldPath): { key: Node | null; value: Node | null } {
  let key: Node | null = null;
  let value: Node | null = document.contents;
  for (const step of path) {
    let next: { key: Node | null; value: Node | null } | undefined;
    if (isMap<Node, Node | null>(value)) {
      const pair = value.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair) next = { key: pair.key, value: pair.value ?? pair.key };
    } else if (isSeq<Node>(value) && typeof step === "number") {
      const item = value.items[step];
      if (item) next = { key: null, value: item };
    }
    if (!next) break;
    ({ key, value } = next);
  }
  return { key, value };
}
