import type { TSchema } from "typebox";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { isRecord, type SchemaNode } from "./explain.ts";
import { type Problem, formatPath } from "./problem.ts";

/**
 * A document without the fields that its kind has and this tool does not act on, with a warning for each. What no API
 * has stays where it is: a mistyped field is a mistake, however lenient one is.
 */
export function withoutRefused(
  schema: TSchema,
  document: ManifestDocument,
): { value: unknown; warnings: Problem[] } {
  const warnings: Problem[] = [];
  return { value: stripped(schema as TSchema as SchemaNode, document.value, []), warnings };

  function stripped(node: SchemaNode, at: unknown, path: FieldPath): unknown {
    if (Array.isArray(at)) {
      const { items } = node;
      return items === undefined ? at : at.map((item, i) => stripped(items, item, [...path, i]));
    }
    if (!isRecord(at)) return at;
    const { properties = {}, refused = {}, additionalProperties: others } = node;
    return Object.fromEntries(
      Object.entries(at).flatMap(([key, child]): [string, unknown][] => {
        const own = [...path, key];
        if (Object.hasOwn(refused, key)) {
          warn(own, refused[key]);
          return [];
        }
        const property = Object.hasOwn(properties, key) ? properties[key] : others;
        return [[key, typeof property === "object" ? stripped(property, child, own) : child]];
      }),
    );
  }

  function warn(path: FieldPath, reason: string | undefined): void {
    const at = document.atKey(path);
    const message = "this field is not supported here, and passed over";
    warnings.push({
      code: "ignored-field",
      severity: "warning",
      at,
      field: formatPath(path),
      message,
      fix: reason,
    });
  }
}
