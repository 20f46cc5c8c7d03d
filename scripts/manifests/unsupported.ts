import type { TSchema } from "typebox";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { type SchemaNode } from "./explain.ts";
import { isRecord } from "../schema/value.ts";

/** A field that the API accepts and the local mesh does not act on. */
export interface UnsupportedField {
  path: FieldPath;
  /** The reason, and the remedy. */
  reason: string;
}

/**
 * Returns a document without the fields that a cluster fills in, without empty fields that may be empty, and without
 * those marked as unsupported. Fields that the API does not have remain, to be reported as mistakes. Unchanged parts
 * are the same objects as in the document.
 * @param keepDeclared whether an unsupported field remains if the schema declares its content
 */
export function withoutUnsupported(
  schema: TSchema,
  document: ManifestDocument,
  keepDeclared = false,
): { value: unknown; unsupported: UnsupportedField[] } {
  const found: UnsupportedField[] = [];
  return { value: stripped(schema as TSchema as SchemaNode, document.value, []), unsupported: found };

  function stripped(node: SchemaNode, at: unknown, path: FieldPath): unknown {
    if (Array.isArray(at)) {
      const { items } = node;
      if (items === undefined) return at;
      const all = at.map((item, i) => stripped(items, item, [...path, i]));
      return all.every((item, i) => item === at[i]) ? at : all;
    }
    if (!isRecord(at)) return at;
    const { properties = {}, unsupported = {}, filledIn = [], additionalProperties: others } = node;
    const before = Object.entries(at);
    const after = before.flatMap(([key, child]): [string, unknown][] => {
      const own = [...path, key];
      if (filledIn.includes(key)) return [];
      const isDeclared = Object.hasOwn(properties, key);
      if (Object.hasOwn(unsupported, key)) {
        found.push({ path: own, reason: unsupported[key] ?? "" });
        if (!keepDeclared || !isDeclared) return [];
      }
      const property = isDeclared ? properties[key] : others;
      if (child === null && typeof property === "object" && property.mayBeNull === true) return [];
      return [[key, typeof property === "object" ? stripped(property, child, own) : child]];
    });
    const isSame = after.length === before.length && after.every(([, child], i) => child === before[i]?.[1]);
    return isSame ? at : Object.fromEntries(after);
  }
}
