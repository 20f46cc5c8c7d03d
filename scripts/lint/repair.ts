import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseAllDocuments,
  stringify,
  type YAMLMap,
} from "yaml";
import type { FieldPath } from "../manifests/document.ts";
import { hasOnlyCrlf } from "../manifests/edit-list.ts";
import type { Repair } from "./finding.ts";

/** A range of a text and its replacement. */
interface Splice {
  from: number;
  to: number;
  text: string;
}

/**
 * Repairs fields of a file and keeps the rest of the text: comments, order, quotes, blank lines and line ends.
 * @returns the new text, and the number of repairs made; those that cannot be made in place are left out
 */
export function repaired(text: string, repairs: readonly Repair[]): { text: string; made: number } {
  if (hasOnlyCrlf(text)) {
    const { text: changed, made } = repaired(text.replaceAll("\r\n", "\n"), repairs);
    return { text: changed.replaceAll("\n", "\r\n"), made };
  }
  const documents = parseAllDocuments(text, { schema: "yaml-1.1", logLevel: "error" });
  const lineAt = (offset: number): number => text.slice(0, offset).split("\n").length;
  const splices: Splice[] = [];
  for (const { document, path, value } of repairs) {
    const { line } = document.at([]);
    const parsed = documents.find(({ contents }) => lineAt(contents?.range?.[0] ?? 0) === line);
    const splice = parsed && spliceFor(text, parsed, path, value);
    // Of two repairs in one place, the second is left to the next round.
    if (splice !== undefined && !splices.some((other) => splice.from <= other.to && other.from <= splice.to))
      splices.push(splice);
  }
  let changed = text;
  for (const { from, to, text: by } of splices.toSorted((a, b) => b.from - a.from))
    changed = changed.slice(0, from) + by + changed.slice(to);
  return { text: changed, made: splices.length };
}

function spliceFor(
  text: string,
  document: Document,
  path: FieldPath,
  value: Repair["value"],
): Splice | undefined {
  let [node, depth]: [Node | null, number] = [document.contents, 0];
  for (; depth < path.length; depth++) {
    const next = childOf(node, path[depth]);
    if (next === undefined) break;
    node = next;
  }
  if (depth === path.length) {
    if (value === undefined) return removal(text, document, path);
    if (!isScalar(node) || node.range == null || typeof value === "object") return undefined;
    return { from: node.range[0], to: node.range[1], text: inline(value) };
  }
  if (value === undefined || !isMap<Node, Node | null>(node)) return undefined;
  const missing = path.slice(depth);
  const added = missing.slice(1).reduceRight<unknown>((inner, step) => ({ [String(step)]: inner }), value);
  return insertion(text, node, String(missing[0]), added);
}

/** A new field behind the last one of a map. */
function insertion(
  text: string,
  map: YAMLMap<Node, Node | null>,
  key: string,
  value: unknown,
): Splice | undefined {
  const [first, last] = [map.items[0], map.items.at(-1)];
  const end = (last?.value ?? last?.key)?.range?.[1];
  if (first?.key.range == null || end == null) return undefined;
  if (map.flow === true) {
    const flow = stringify(
      { [key]: value },
      { lineWidth: 0, collectionStyle: "flow", version: "1.1" },
    ).trim();
    return { from: end, to: end, text: `, ${flow.replace(/^\{\s*|\s*\}$/g, "")}` };
  }
  const start = first.key.range[0];
  const indent = " ".repeat(start - (text.lastIndexOf("\n", start - 1) + 1));
  let at = end;
  while (at > 0 && /\s/.test(text[at - 1] ?? "")) at--;
  // A comment behind the last value stays with it.
  const lineEnd = text.indexOf("\n", at);
  at = lineEnd < 0 ? text.length : lineEnd;
  const block = stringify({ [key]: value }, { lineWidth: 0, version: "1.1" }).trimEnd();
  return { from: at, to: at, text: `\n${block.replace(/^/gm, indent)}` };
}

/** A field of a block map, with its line; the only field of a map stays. */
function removal(text: string, document: Document, path: FieldPath): Splice | undefined {
  const parent: unknown = document.getIn(path.slice(0, -1), true);
  if (!isMap<Node, Node | null>(parent) || parent.flow === true || parent.items.length < 2) return undefined;
  const index = parent.items.findIndex(({ key }) => isScalar(key) && key.value === path.at(-1));
  const pair = parent.items[index];
  if (pair?.key.range == null || !isScalar(pair.value) || pair.value.range == null) return undefined;
  const lineEnd = text.indexOf("\n", pair.value.range[1]);
  const end = lineEnd < 0 ? text.length : lineEnd;
  const lineStart = text.lastIndexOf("\n", pair.key.range[0] - 1) + 1;
  const isAlone = text.slice(lineStart, pair.key.range[0]).trim() === "";
  if (isAlone) return { from: lineStart, to: Math.min(end + 1, text.length), text: "" };
  // After a dash, the next field moves up.
  const next = parent.items[index + 1]?.key.range?.[0];
  return next === undefined ? undefined : { from: pair.key.range[0], to: next, text: "" };
}

function childOf(node: Node | null, step: string | number | undefined): Node | undefined {
  if (isSeq<Node>(node)) return typeof step === "number" ? node.items[step] : undefined;
  if (!isMap<Node, Node | null>(node)) return undefined;
  return node.items.find(({ key }) => isScalar(key) && key.value === step)?.value ?? undefined;
}

function inline(value: string | number): string {
  return stringify(value, { lineWidth: 0, version: "1.1" }).trim();
}
