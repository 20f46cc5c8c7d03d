import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";
import type { FieldPath } from "./document.ts";
import { isRecord } from "../schema/value.ts";

/** The offsets of a field's name and value in the text; of an item of a list, both are that of the item. */
export interface FieldOffset {
  key: number;
  value: number;
}

/** Finds the offsets of a field; of a missing one, those of its nearest parent. */
export type FindOffset = (path: FieldPath) => FieldOffset;

/** The columns of the table: the offsets of a value's name and its own, and the row of its first child. */
const COLUMNS = 3;

/**
 * Finds the offsets of the fields of a plain value by a table of numbers, with a row for each value and the children
 * of a value in succession in the order of `Object.keys`. It replaces the nodes of the parser, which take fifty times
 * the memory.
 * @returns undefined if the value and the nodes differ in form: with aliases, merged maps or tagged collections
 */
export function findByTable({ contents }: Document.Parsed, root: unknown): FindOffset | undefined {
  const numbers: number[] = [];
  const rows: [key: Node | null, node: Node | null, value: unknown][] = [[null, contents, root]];
  for (const [key, node, value] of rows) {
    const start = offsetOf(node ?? key);
    numbers.push(key === null ? start : offsetOf(key), start, rows.length);
    const children = childrenOf(node, value);
    if (children === undefined) return undefined;
    for (const child of children) rows.push(child);
  }
  const table = new Int32Array(numbers);
  return (path) => {
    let [row, value] = [0, root];
    for (const step of path) {
      const child = childAt(value, step);
      if (child === undefined) break;
      row = (table[row * COLUMNS + 2] ?? 0) + child.number;
      value = child.value;
    }
    return { key: table[row * COLUMNS] ?? 0, value: table[row * COLUMNS + 1] ?? 0 };
  };
}

/** Returns the children of a value with their nodes; undefined if the two do not match. */
function childrenOf(
  node: Node | null,
  value: unknown,
): [key: Node | null, node: Node | null, value: unknown][] | undefined {
  if (isSeq<Node>(node)) {
    if (!Array.isArray(value) || value.length !== node.items.length) return undefined;
    return node.items.map((item, i) => [null, item, value[i]]);
  }
  if (isMap<Node, Node | null>(node)) {
    const names = isRecord(value) ? Object.keys(value) : [];
    const { items } = node;
    if (!isRecord(value) || names.length !== items.length) return undefined;
    const children: [Node, Node | null, unknown][] = [];
    for (const [i, name] of names.entries()) {
      // JavaScript puts names that are whole numbers first.
      const pair = isNamed(items[i]?.key, name) ? items[i] : items.find(({ key }) => isNamed(key, name));
      if (pair === undefined) return undefined;
      children.push([pair.key, pair.value, value[name]]);
    }
    return children;
  }
  return isScalar(node) || node === null ? [] : undefined;
}

function isNamed(key: Node | undefined, name: string): boolean {
  return isScalar(key) && key.value === name;
}

function childAt(value: unknown, step: string | number): { number: number; value: unknown } | undefined {
  if (Array.isArray(value)) {
    const isItem = typeof step === "number" && step >= 0 && step < value.length;
    return isItem ? { number: step, value: value[step] } : undefined;
  }
  if (!isRecord(value)) return undefined;
  const number = Object.keys(value).indexOf(String(step));
  return number < 0 ? undefined : { number, value: value[String(step)] };
}

function offsetOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}
