import type { Static, TSchema } from "typebox";
import { Errors } from "typebox/schema";
import { Settings } from "typebox/system";
import { check } from "../schema/check.ts";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { explain, type SchemaError, type SchemaNode } from "./explain.ts";
import { documentPath, isRecord, valueAt } from "../schema/value.ts";
import { type Problem, problemAt } from "./problem.ts";
import { withoutUnsupported } from "./unsupported.ts";

// All problems of a document are reported, not the first few.
Settings.Set({ maxErrors: 200 });

export interface ValidateOptions {
  /** Whether a field that the local mesh does not act on is a warning instead of an error. @default false */
  lenient?: boolean | undefined;
  /**
   * Whether the value is the one that a cluster reads: with the fields that the local mesh does not implement, as far
   * as the schema describes them, with values that only a cluster knows, and with an empty list for a list that may
   * be missing there. All of these remain among the problems.
   * @default false
   */
  forCluster?: boolean | undefined;
}

/** The result of validating a document. */
export interface Validated<T> {
  /** Without the fields that the local mesh does not implement; undefined if the document is invalid. */
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
  { lenient = false, forCluster = false }: ValidateOptions = {},
): Validated<Static<S>> {
  const { value, unsupported } = withoutUnsupported(schema, document, forCluster);
  const outside = unsupported.map(({ path, reason }): Problem => {
    const place = { at: () => document.atKey(path) };
    if (!lenient)
      return problemAt("local-mesh", place, path, {
        message: "this field is not supported here",
        fix: reason,
      });
    const message = "this field is not supported here, and ignored";
    return problemAt("ignored-field", place, path, { message, fix: reason });
  });
  const isValid = check(schema, value);
  const invalid = isValid ? [] : invalidIn(schema, value, document);
  const isOnCluster = forCluster && invalid.every(({ code }) => code === "cluster-form");
  return {
    value: isValid ? value : isOnCluster ? filledIn<Static<S>>(schema, value) : undefined,
    problems: onceEach([...invalid, ...outside]).sort(byPlace),
    unsupported: unsupported.map(({ path }) => path),
  };
}

/** A value that only a cluster accepts, with an empty list for each list that it lacks there. */
function filledIn<T>(schema: TSchema, value: unknown): T | undefined {
  const filled = filledBy(schema as TSchema as SchemaNode, value);
  return isAccepted<T>(filled) ? filled : undefined;
}

function filledBy(node: SchemaNode, at: unknown): unknown {
  if (Array.isArray(at))
    return node.items === undefined ? at : at.map((item) => filledBy(node.items ?? {}, item));
  if (!isRecord(at)) return at;
  const { properties = {}, mayLack = {} } = node;
  const lists = Object.keys(mayLack).flatMap((name) =>
    Object.hasOwn(at, name) ? [] : [[name, []] as const],
  );
  const inner = Object.entries(at).map(
    ([key, child]) => [key, filledBy(properties[key] ?? {}, child)] as const,
  );
  return Object.fromEntries([...lists, ...inner]);
}

/**
 * Whether the validator found nothing except what `FieldNotes` mark as a cluster's: enums with more values, longer
 * lists.
 */
function isAccepted<T>(value: unknown): value is T {
  return isRecord(value);
}

/** A value whose invalid parts are missing. */
export type Partially<T> = T extends readonly (infer Item)[]
  ? Partially<Item>[]
  : T extends object
    ? { [K in keyof T]?: Partially<T[K]> | undefined }
    : T;

/** The same of an object with a name. */
export type PartialObject<T> = Partially<T> & { metadata: { name: string } };

/** The result of validating a document part by part. */
export interface Judged<T> extends Validated<T> {
  /** The document without its invalid parts, however little is left; undefined only without a name. */
  partial: PartialObject<T> | undefined;
  /** The paths of the invalid parts that were left out. */
  invalid: FieldPath[];
}

/**
 * Validates each part: unsupported fields remain if the schema declares their content, and each invalid part is
 * omitted. The value is undefined only if the object is invalid without them.
 */
export function judge<S extends TSchema>(schema: S, document: ManifestDocument): Judged<Static<S>> {
  const validated = validate(schema, document);
  const { problems, unsupported } = validated;
  // Checking takes most of the time with a large object: a valid one is checked once.
  if (validated.value !== undefined && unsupported.length === 0)
    return { ...validated, partial: partOf<Static<S>>(validated.value), invalid: [] };
  const value: { root: unknown } = {
    root: structuredClone(withoutUnsupported(schema, document, true).value),
  };
  const invalid: FieldPath[] = [];
  while (remove((keyword) => keyword !== "required"));
  const partial = partOf<Static<S>>(structuredClone(value.root));
  while (remove(() => true));
  return {
    value: check(schema, value.root) ? value.root : undefined,
    partial,
    problems,
    unsupported,
    invalid,
  };

  /** Removes the parts that violate one of these keywords; returns whether there were any. */
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

function partOf<T>(value: unknown): PartialObject<T> | undefined {
  return isPartial<T>(value) ? value : undefined;
}

/** Whether a partial object, whose parts were checked against the schema, has a name. */
function isPartial<T>(value: unknown): value is PartialObject<T> {
  if (!isRecord(value)) return false;
  const { metadata } = value;
  return isRecord(metadata) && typeof metadata["name"] === "string";
}

function invalidIn(schema: TSchema, value: unknown, document: ManifestDocument): Problem[] {
  const [, errors] = Errors(schema, value);
  return errors.flatMap((error) => explain(error, schema as SchemaNode, document));
}

/** Problems without repetitions: a mistake in an anchored map shows wherever the map is used. */
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

/** Removes a field; for an item of a list, whose other items must keep their indices, removes the whole list. */
function removeAt(holder: unknown, path: FieldPath): void {
  const parent = valueAt(holder, path.slice(0, -1));
  const name = path.at(-1);
  if (Array.isArray(parent)) removeAt(holder, path.slice(0, -1));
  else if (isRecord(parent) && name !== undefined) delete parent[name];
}

/** The paths of the fields that have no effect in the local mesh. */
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
