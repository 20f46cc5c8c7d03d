import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { FieldPath } from "./document.ts";

/** The value of an item's field; undefined removes the field. */
export type FieldValue = string | number | boolean | Readonly<Record<string, unknown>> | undefined;

/** One item of the new list: an existing item, with some fields changed, or a new one. */
export type ItemEdit =
  { kept: number; set: Readonly<Record<string, FieldValue>> } | { added: Readonly<Record<string, unknown>> };

/** The place of the list in a file. */
export interface ListPlace {
  /** The line on which its document's content begins, from 1. */
  line: number;
  /** The path of the list in the document. */
  path: FieldPath;
}

/**
 * Changes a list of maps in a YAML text and keeps the rest of the text: comments, order, quotes and blank lines.
 * Lines above an item move with the item. The YAML library writes a new list or one in flow style, and keeps the
 * comments and order of the rest.
 * @throws if no document, and no item of a List, begins on that line
 */
export function editList(text: string, place: ListPlace, items: readonly ItemEdit[]): string {
  if (text.startsWith(MARK)) return MARK + editList(text.slice(MARK.length), place, items);
  if (hasOnlyCrlf(text))
    return editList(text.replaceAll("\r\n", "\n"), place, items).replaceAll("\n", "\r\n");
  const documents = parseAllDocuments(text, {
    keepSourceTokens: true,
    schema: "yaml-1.1",
    logLevel: "error",
  });
  const { document, path } = objectAt(documents, text, place);
  const list: unknown = document.getIn(path, true);
  const blocks = isSeq<Node>(list) ? itemBlocks(text, list) : undefined;
  if (blocks === undefined || blocks.length === 0) return rewritten(documents, document, path, items);
  const [first, last] = [blocks[0] as Block, blocks[blocks.length - 1] as Block];
  const indent = " ".repeat(first.dash - lineStart(text, first.dash));
  const parts = items.map((item) => {
    if ("added" in item) return newItem(item.added, indent);
    const block = blocks[item.kept];
    if (block === undefined) throw new Error(`the list has no item ${item.kept}`);
    return editedItem(text, block, item.set);
  });
  return text.slice(0, first.start) + parts.join("\n") + text.slice(last.end);
}

/** Returns the document that begins on a line, or whose List has an item there, and the path of the list in it. */
function objectAt(
  documents: readonly Document.Parsed[],
  text: string,
  { line, path }: ListPlace,
): { document: Document.Parsed; path: FieldPath } {
  for (const document of documents) {
    if (lineOf(text, document.contents?.range?.[0] ?? 0) === line) return { document, path };
    const items: unknown = isMap(document.contents) ? document.get("items", true) : undefined;
    const i = isSeq<Node>(items)
      ? items.items.findIndex(({ range }) => lineOf(text, range?.[0] ?? 0) === line)
      : -1;
    if (i >= 0) return { document, path: ["items", i, ...path] };
  }
  throw new Error(`no object begins on line ${line}`);
}

/** Whether every line of a text ends with CRLF. */
export function hasOnlyCrlf(text: string): boolean {
  return text.includes("\r\n") && !/(?<!\r)\n/.test(text);
}

// Strings that YAML 1.1, which kubectl reads, has other meanings for are quoted.
const PLAIN = { lineWidth: 0, blockQuote: false, version: "1.1" } as const;

// The byte order mark that some editors put first.
const MARK = "\uFEFF";

/** The lines of an item, with the comments above it, to the end of its last line. */
interface Block {
  start: number;
  end: number;
  /** The offset of its dash. */
  dash: number;
  map: YAMLMap<Node, Node | null>;
}

/** Returns the lines of each item; undefined if the list or an item shares a line with something else. */
function itemBlocks(text: string, list: YAMLSeq<Node>): Block[] | undefined {
  const token = list.srcToken;
  if (token?.type !== "block-seq") return undefined;
  const blocks: Block[] = [];
  for (const [i, map] of list.items.entries()) {
    const dash = token.items[i]?.start.find(({ type }) => type === "seq-item-ind")?.offset;
    if (dash === undefined || !isMap<Node, Node | null>(map) || map.items.length === 0) return undefined;
    const before = blocks.at(-1);
    blocks.push({
      start: before === undefined ? lineStart(text, dash) : before.end + 1,
      end: lineEnd(text, endOf(map)),
      dash,
      map,
    });
  }
  return blocks;
}

function editedItem(text: string, block: Block, set: Readonly<Record<string, FieldValue>>): string {
  const { items } = block.map;
  const changes = Object.entries(set).map(([name, value]): Change => {
    return { name, value, at: items.findIndex(({ key }) => isScalar(key) && key.value === name) };
  });
  const gone = changes.filter(
    ({ at, value }) => at >= 0 && (value === undefined || !isScalar(items[at]?.value)),
  );
  const isReshaped =
    block.map.flow === true
      ? gone.length > 0 || changes.some(({ at, value }) => at < 0 && value !== undefined)
      : gone.some(({ at }) => at === 0) && (gone.length > 1 || items.length === 1);
  if (isReshaped) {
    const fields = Object.entries({ ...block.map.toJSON(), ...set }).filter(
      ([, value]) => value !== undefined,
    );
    const indent = text.slice(lineStart(text, block.dash), block.dash);
    const above = text.slice(block.start, lineStart(text, block.dash));
    return above + newItem(Object.fromEntries(fields), indent);
  }
  const splices = changes.flatMap((change) => spliceOf(text, block, change));
  let edited = text.slice(block.start, block.end);
  for (const { start, end, by } of splices.sort((a, b) => b.start - a.start))
    edited = edited.slice(0, start - block.start) + by + edited.slice(end - block.start);
  return edited;
}

/** A field's new value, and the index of the field in its item, or -1. */
interface Change {
  name: string;
  value: FieldValue;
  at: number;
}

interface Splice {
  start: number;
  end: number;
  by: string;
}

function spliceOf(text: string, block: Block, { name, value, at }: Change): Splice[] {
  const pair = block.map.items[at];
  if (pair === undefined) return value === undefined ? [] : [appended(text, block, { [name]: value })];
  if (value === undefined) return [removed(text, block.map.items, at)];
  if (!isScalar(pair.value) || !pair.value.range || typeof value === "object")
    return [removed(text, block.map.items, at), appended(text, block, { [name]: value })];
  const [start, end] = pair.value.range;
  // A scalar that has the value already keeps its form.
  return pair.value.value === value ? [] : [{ start, end, by: scalar(value) }];
}

function appended(
  text: string,
  { map, end }: Block,
  field: Readonly<Record<string, unknown>>,
): { start: number; end: number; by: string } {
  const indent = " ".repeat(startOf(map.items[0]) - lineStart(text, startOf(map.items[0])));
  const lines = stringify(field, PLAIN).trimEnd().split("\n");
  return { start: end, end, by: lines.map((line) => `\n${indent}${line}`).join("") };
}

/** Returns the lines of a field; for the field after the dash, the text up to the next field. */
function removed(text: string, items: readonly Pair<Node, Node | null>[], at: number): Splice {
  const pair = items[at] as Pair<Node, Node | null>;
  if (at === 0 && items.length > 1) return { start: startOf(pair), end: startOf(items[1]), by: "" };
  const last = pair.value ?? pair.key;
  return { start: lineStart(text, startOf(pair)) - 1, end: lineEnd(text, endOf(last)), by: "" };
}

function newItem(item: Readonly<Record<string, unknown>>, indent: string): string {
  const lines = stringify(item, PLAIN).trimEnd().split("\n");
  return lines.map((line, i) => `${indent}${i === 0 ? "- " : "  "}${line}`).join("\n");
}

function rewritten(
  documents: readonly Document.Parsed[],
  document: Document.Parsed,
  path: FieldPath,
  items: readonly ItemEdit[],
): string {
  const old: unknown = document.toJS();
  let list: unknown = old;
  for (const step of path) list = (list as Record<string | number, unknown> | undefined)?.[step];
  const values = items.map((item) => {
    if ("added" in item) return item.added;
    const fields = { ...(list as Record<string, unknown>[])[item.kept], ...item.set };
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  });
  document.setIn(path, document.createNode(values));
  return documents.map((each) => each.toString({ lineWidth: 0 })).join("");
}

function scalar(value: string | number | boolean): string {
  return stringify(value, PLAIN).trimEnd();
}

function startOf(pair: Pair<Node, Node | null> | undefined): number {
  return pair?.key.range?.[0] ?? 0;
}

/** The offset behind the last character of a node's value. */
function endOf(node: Node): number {
  if (isMap<Node, Node | null>(node) && !node.flow) {
    const last = node.items.at(-1);
    if (last !== undefined) return endOf(last.value ?? last.key);
  }
  if (isSeq<Node>(node) && !node.flow) {
    const last = node.items.at(-1);
    if (last !== undefined) return endOf(last);
  }
  return node.range?.[1] ?? 0;
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** The end of the line, before its line break. A block scalar ends after its own. */
function lineEnd(text: string, at: number): number {
  if (text[at - 1] === "\n") return at - 1;
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
