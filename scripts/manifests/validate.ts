import type { Static, TSchema } from "typebox";
import { Check, Errors } from "typebox/schema";
import { Settings } from "typebox/system";
import { didYouMean } from "../nearest.ts";
import { type FieldPath, formatPath, type ManifestDocument } from "./document.ts";
import type { Problem } from "./problem.ts";
import type { FieldNotes } from "./schema.ts";

// All problems of a file are told at once, not the first few.
Settings.Set({ maxErrors: 200 });

/** A JSON Schema as far as the messages below look into it. */
interface SchemaNode extends FieldNotes {
  type?: string;
  enum?: unknown[];
  properties?: Record<string, SchemaNode>;
  additionalProperties?: unknown;
  patternProperties?: Record<string, SchemaNode>;
  items?: SchemaNode;
  [keyword: string]: unknown;
}

/**
 * Checks a document against the schema of its kind.
 * @returns the typed value, or every problem with its place
 */
export function validate<S extends TSchema>(
  schema: S,
  document: ManifestDocument,
): { value: Static<S>; problems: [] } | { value: undefined; problems: Problem[] } {
  const { value } = document;
  if (Check(schema, value)) return { value, problems: [] };
  const [, errors] = Errors(schema, value);
  const problems = new Map<string, Problem>();
  for (const error of errors) {
    for (const problem of explain(error, schema, document)) {
      const key = `${problem.at.line}:${problem.at.column}:${problem.field}`;
      if (!problems.has(key)) problems.set(key, problem);
    }
  }
  return { value: undefined, problems: [...problems.values()] };
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
        const property = node.properties?.[key];
        if (property) visit(property, child, [...path, key]);
      }
    }
  }
}

interface SchemaError {
  keyword: string;
  schemaPath: string;
  instancePath: string;
  params: object;
}

function* explain(error: SchemaError, schema: TSchema, document: ManifestDocument): Generator<Problem> {
  const path = instancePath(error.instancePath, document.value);
  const node = nodeAt(schema as SchemaNode, error.schemaPath);
  const params = error.params as Record<string, unknown>;
  const found = describe(valueAt(document.value, path));
  switch (error.keyword) {
    case "boolean":
      return; // "schema is false": the same field is told under additionalProperties
    case "additionalProperties":
      for (const name of params["additionalProperties"] as string[])
        yield unknownField(name, node, path, document);
      return;
    case "required":
      for (const name of params["requiredProperties"] as string[]) {
        yield problem(path, `${name} is missing`, `add ${name}${describeType(node.properties?.[name])}`);
      }
      return;
    case "type":
      yield problem(path, `${found} is not ${article(String(params["type"]))}`, quoteAdvice(params["type"]));
      return;
    case "enum":
      yield problem(
        path,
        `${found} is not allowed`,
        didYouMeanValue(valueAt(document.value, path), node.enum ?? []),
      );
      return;
    case "const":
      yield problem(path, `${found} is not ${describe(params["allowedValue"])}`);
      return;
    case "minProperties":
    case "maxProperties":
      yield problem(path, `${node.expected ?? "another number of fields"} is expected here`);
      return;
    case "anyOf":
      yield problem(path, `${found} is of no allowed form`);
      return;
    default:
      yield problem(path, `${found} is not ${node.expected ?? limit(error.keyword, params)}`);
  }

  function problem(at: FieldPath, message: string, fix?: string): Problem {
    return { severity: "error", at: document.at(at), field: formatPath(at), message, fix };
  }
}

function unknownField(name: string, node: SchemaNode, path: FieldPath, document: ManifestDocument): Problem {
  const field = [...path, name];
  const reason = node.refused?.[name];
  return {
    severity: "error",
    at: document.atKey(field),
    field: formatPath(field),
    message: reason === undefined ? "there is no such field here" : "this field is not supported here",
    fix: reason ?? didYouMean(name, Object.keys(node.properties ?? {})),
  };
}

function limit(keyword: string, params: Record<string, unknown>): string {
  switch (keyword) {
    case "minimum":
      return `at least ${params["limit"]}`;
    case "maximum":
      return `at most ${params["limit"]}`;
    case "minLength":
      return "a text of at least one character";
    case "maxLength":
      return `a text of at most ${params["limit"]} characters`;
    case "minItems":
      return `a list of at least ${params["limit"]}`;
    case "maxItems":
      return `a list of at most ${params["limit"]}`;
    case "pattern":
      return `of the form ${params["pattern"]}`;
    default:
      return `valid (${keyword})`;
  }
}

function didYouMeanValue(value: unknown, allowed: unknown[]): string {
  return typeof value === "string"
    ? didYouMean(value, allowed.map(String))
    : `allowed are ${allowed.join(", ")}`;
}

function quoteAdvice(type: unknown): string | undefined {
  return type === "string" ? "write it in quotes" : undefined;
}

function describeType(node: SchemaNode | undefined): string {
  return node?.type === undefined ? "" : `, ${article(node.type)}`;
}

function article(type: string): string {
  switch (type) {
    case "string":
      return "a text";
    case "integer":
      return "a whole number";
    case "array":
      return "a list";
    case "object":
      return "a map of fields";
    case "boolean":
      return "true or false";
    default:
      return `a ${type}`;
  }
}

function describe(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map of fields";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function nodeAt(schema: SchemaNode, pointer: string): SchemaNode {
  let node: unknown = schema;
  for (const step of pointer.replace(/^#/, "").split("/").slice(1)) {
    node =
      isRecord(node) || Array.isArray(node)
        ? (node as Record<string, unknown>)[unescapePointer(step)]
        : undefined;
  }
  return isRecord(node) ? node : {};
}

function instancePath(pointer: string, root: unknown): FieldPath {
  const path: (string | number)[] = [];
  let value = root;
  for (const step of pointer.split("/").slice(1).map(unescapePointer)) {
    path.push(Array.isArray(value) ? Number(step) : step);
    value = isRecord(value) || Array.isArray(value) ? (value as Record<string, unknown>)[step] : undefined;
  }
  return path;
}

function valueAt(root: unknown, path: FieldPath): unknown {
  let value = root;
  for (const step of path)
    value = isRecord(value) || Array.isArray(value) ? (value as never)[step] : undefined;
  return value;
}

function unescapePointer(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
