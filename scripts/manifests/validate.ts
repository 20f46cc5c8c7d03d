import type { Static, TSchema } from "typebox";
import { Check, Errors } from "typebox/schema";
import { Settings } from "typebox/system";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { explain, isRecord, type SchemaNode } from "./explain.ts";
import { withoutRefused } from "./lenient.ts";
import type { Problem } from "./problem.ts";

// All problems of a document are told at once, not the first few.
Settings.Set({ maxErrors: 200 });

export interface ValidateOptions {
  /** Whether what the API has and this tool does not act on is passed over, with a warning. @default false */
  lenient?: boolean | undefined;
}

/**
 * Checks a document against the schema of its kind.
 * @returns the typed value, or every problem in the order of the file; with the value there are warnings only
 */
export function validate<S extends TSchema>(
  schema: S,
  document: ManifestDocument,
  { lenient = false }: ValidateOptions = {},
): { value: Static<S> | undefined; problems: Problem[] } {
  const { value, warnings } = lenient
    ? withoutRefused(schema, document)
    : { value: document.value, warnings: [] };
  if (Check(schema, value)) return { value, problems: warnings };
  const root = schema as TSchema as SchemaNode;
  const [, errors] = Errors(schema, value);
  const problems = new Map<string, Problem>();
  for (const problem of errors.flatMap((error) => explain(error, root, document))) {
    const { at, message } = problem;
    // One mistake in an anchored map shows wherever the map is used, and is told once.
    const key = `${at.line}:${at.column}:${message}`;
    if (!problems.has(key)) problems.set(key, problem);
  }
  return { value: undefined, problems: [...problems.values(), ...warnings].sort(byPlace) };
}

/** The fields of a valid document that have no effect on one machine, by path. */
export function clusterOnlyFields(schema: TSchema, value: unknown): FieldPath[] {
  const found: FieldPath[] = [];
  visit(schema as SchemaNode, value, []);
  return found;

  function visit(node: SchemaNode, at: unknown, path: FieldPath): void {
    if (node.clusterOnly) found.push(path);
    else if (Array.isArray(at)) at.forEach((item, i) => node.items && visit(node.items, item, [...path, i]));
    else if (isRecord(at)) {
      for (const [key, child] of Object.entries(at)) {
        const property = node.properties?.[key] ?? node.additionalProperties;
        if (typeof property === "object") visit(property, child, [...path, key]);
      }
    }
  }
}

function byPlace({ at: a }: Problem, { at: b }: Problem): number {
  return a.line - b.line || a.column - b.column;
}
