import type { Static, TSchema } from "typebox";
import { Errors } from "typebox/schema";
import { Settings } from "typebox/system";
import { check } from "../schema/check.ts";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { explain, type SchemaError, type SchemaNode } from "./explain.ts";
import { documentPath, isRecord, valueAt } from "../schema/value.ts";
import { type Problem, problemAt } from "./problem.ts";
import { withoutUnsupported } from "./unsupported.ts";

// All problems of a document are told at once, not the first few.
Settings.Set({ maxErrors: 200 });

export interface ValidateOptions {
  /** Whether a field that the local mesh does not act on is a warning, and no error. @default false */
  lenient?: boolean | undefined;
}

/** What a document says as its kind. */
export interface Validated<T> {
  /** Without the fields that the local mesh does not act on; undefined where the document is not valid. */
  value: T | undefined;
  /** In the order of the file. */
  problems: Problem[];
  /** The fields that were left out of the value. */
  unsupported: FieldPath[];
}

/** Checks a document against the schema of its kind, and reports every problem. */
export function validate<S extends TSchema>(
  schema: S,
  document: ManifestDocument,
  { lenient = false }: ValidateOptions = {},
): Validated<Static<S>> {
  const { value, unsupported } = withoutUnsupported(schema, document);
  const outside = unsupported.map(({ path, reason }): Problem => {
    const place = { at: () => document.atKey(path) };
    if (!lenient)
      return problemAt("local-mesh", place, path, {
        message: "this field is not supported here",
        fix: reason,
      });
    const message = "this field is not supported here, and passed over";
    return problemAt("ignored-field", place, path, { message, fix: reason });
  });
  const isValid = check(schema, value);
  const invalid = isValid ? [] : invalidIn(schema, value, document);
  return {
    value: isValid ? value : undefined,
    problems: onceEach([...invalid, ...outside]).sort(byPlace),
    unsupported: unsupported.map(({ path }) => path),
  };
}

/** A value of which any part may be missing, because it was not valid. */
export type Partially<T> = T extends readonly (infer Item)[]
  ? Partially<Item>[]
  : T extends object
    ? { [K in keyof T]?: Partially<T[K]> | undefined }
    : T;

/** The same of an object, whose name is there. */
export type PartialObject<T> = Partially<T> & { metadata: { name: string } };

/** What can be judged of a document although a part of it is not valid. */
export interface Judged<T> extends Validated<T> {
  /** The document without what is not valid, however much that leaves; undefined only without a name. */
  partial: PartialObject<T> | undefined;
  /** The parts that were left out because they are not valid. */
  invalid: FieldPath[];
}

/**
 * The same for a judgement of each part: unsupported fields stay where the schema says what they hold, and each part
 * that is not valid is left out. The value is undefined only where the object as a whole is not valid.
 */
export function judge<S extends TSchema>(schema: S, document: ManifestDocument): Judged<Static<S>> {
  const validated = validate(schema, document);
  const { problems, unsupported } = validated;
  // Checking is what takes the time with a large object: a valid one is checked once.
  if (validated.value !== undefined && unsupported.length === 0)
    return { ...validated, partial: copyOf<Static<S>>(validated.value), invalid: [] };
  const value: { root: unknown } = { root: withoutUnsupported(schema, document, true).value };
  const invalid: FieldPath[] = [];
  while (remove((keyword) => keyword !== "required"));
  const partial = copyOf<Static<S>>(value.root);
  while (remove(() => true));
  return {
    value: check(schema, value.root) ? value.root : undefined,
    partial,
    problems,
    unsupported,
    invalid,
  };

  /** Removes what is not valid for one of these keywords; false where there is nothing more to remove. */
  function remove(isMeant: (keyword: string) => boolean): boolean {
    if (value.root === undefined || check(schema, value.root)) return false;
    const [, errors] = Errors(schema, value.root);
    const paths = errors
      .filter(({ keyword }) => isMeant(keyword))
      .flatMap((error) => invalidPaths(error, value.root));
    invalid.push(...paths);
    for (const path of paths) removeAt(value, ["root", ...path]);
    return paths.length > 0;
  }
}

function copyOf<T>(value: unknown): PartialObject<T> | undefined {
  const copy: unknown = structuredClone(value);
  return isPartial<T>(copy) ? copy : undefined;
}

/** Every part that an object has was checked against the schema; what may be missing is its name. */
function isPartial<T>(value: unknown): value is PartialObject<T> {
  if (!isRecord(value)) return false;
  const { metadata } = value;
  return isRecord(metadata) && typeof metadata["name"] === "string";
}

function invalidIn(schema: TSchema, value: unknown, document: ManifestDocument): Problem[] {
  const [, errors] = Errors(schema, value);
  return errors.flatMap((error) => explain(error, schema as SchemaNode, document));
}

/** One mistake in an anchored map shows wherever the map is used, and is reported once. */
function onceEach(problems: readonly Problem[]): Problem[] {
  const byPlaceAndText = new Map<string, Problem>();
  for (const problem of problems) {
    const { at, message } = problem;
    const key = `${at.line}:${at.column}:${message}`;
    if (!byPlaceAndText.has(key)) byPlaceAndText.set(key, problem);
  }
  return [...byPlaceAndText.values()];
}

function invalidPaths({ keyword, params, instancePath }: SchemaError, root: unknown): FieldPath[] {
  if (keyword === "boolean") return []; // "schema is false": reported under additionalProperties
  const path = documentPath(instancePath, root);
  const names = "additionalProperties" in params ? params.additionalProperties : [];
  if (keyword !== "additionalProperties" || !Array.isArray(names)) return [path];
  return names.map((name) => [...path, String(name)]);
}

/** Removes a field; of a list, whose other items keep their places, the whole list. */
function removeAt(holder: unknown, path: FieldPath): void {
  const parent = valueAt(holder, path.slice(0, -1));
  const name = path.at(-1);
  if (Array.isArray(parent)) removeAt(holder, path.slice(0, -1));
  else if (isRecord(parent) && name !== undefined) delete parent[name];
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
