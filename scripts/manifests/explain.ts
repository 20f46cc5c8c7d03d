import { nearest, suggestion } from "../nearest.ts";
import type { FieldPath, ManifestDocument } from "./document.ts";
import { type Code, CODES } from "./codes/codes.ts";
import { type Problem, type ProblemText, formatPath } from "./problem.ts";
import type { FieldNotes } from "../schema/schema.ts";
import { documentPath, isRecord, stepsOf, valueAt } from "../schema/value.ts";

/** A JSON Schema as far as the messages below look into it. */
export interface SchemaNode extends FieldNotes {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  [keyword: string]: unknown;
}

/** A violated keyword, as the validator reports it. */
export interface SchemaError {
  keyword: string;
  /** JSON pointers to the keyword in the schema, and to the value in the document. */
  schemaPath: string;
  instancePath: string;
  params: object;
}

/** The error, the expected form, and the remedy. */
interface Explanation extends ProblemText {
  code: Code;
  path: FieldPath;
}

/**
 * Returns problems for the user from an error of the validator; none if another error describes the same fault
 * better.
 */
export function explain(error: SchemaError, schema: SchemaNode, document: ManifestDocument): Problem[] {
  const path = documentPath(error.instancePath, document.value);
  const node = nodeAt(schema, error.schemaPath);
  const value = valueAt(document.value, path);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "additionalProperties":
      return (params["additionalProperties"] as string[]).map((name) => {
        const explained = unknownField(name, node, [...path, name]);
        return problem(explained, document.atKey(explained.path));
      });
    case "required":
      return missingFields(params["requiredProperties"] as string[], node, path, value).map(placed);
    case "boolean": // "schema is false": reported under additionalProperties
      return [];
    default:
      // Each branch of a union fails; the error of the union names the expected value.
      if (error.schemaPath.includes("/anyOf/")) return [];
      if (error.keyword === "enum" && node.onCluster?.some((known) => known === value))
        return [placed(clusterValue(String(value), node, path))];
      if (error.keyword === "maxItems" && node.longerOnCluster !== undefined)
        return [placed(longerList(value, node.longerOnCluster, path))];
      return [
        placed({
          code: error.keyword === "type" ? "wrong-type" : "wrong-value",
          path,
          ...wrongValue(error.keyword, params, node, value),
        }),
      ];
  }

  function placed(explained: Explanation): Problem {
    return problem(explained, document.at(explained.path));
  }
}

function problem({ code, path, ...text }: Explanation, at: Problem["at"]): Problem {
  return { code, severity: CODES[code].severity, at, field: formatPath(path), ...text };
}

function unknownField(name: string, node: SchemaNode, path: FieldPath): Explanation {
  if (node.expectedKey !== undefined) {
    return { code: "wrong-value", path, message: `${JSON.stringify(name)} is not ${node.expectedKey}` };
  }
  const { refused = {}, properties = {} } = node;
  if (Object.hasOwn(refused, name)) {
    return {
      code: "refused-field",
      path,
      name,
      message: "this field is not allowed here",
      fix: refused[name],
    };
  }
  const message = "there is no such field here";
  return { code: "unknown-field", path, message, name, ...suggestion(name, Object.keys(properties)) };
}

function clusterValue(value: string, node: SchemaNode, path: FieldPath): Explanation {
  const fix = `write ${anyOf(node.enum ?? [])}, or try it on a cluster`;
  return { code: "cluster-form", path, message: `${value} is not supported by the local mesh`, fix };
}

function longerList(value: unknown, fix: string, path: FieldPath): Explanation {
  const length = Array.isArray(value) ? value.length : 0;
  return { code: "cluster-form", path, message: `the list has ${length} items`, fix };
}

function missingFields(
  names: string[],
  { properties = {}, mayLack = {}, unsupported = {} }: SchemaNode,
  path: FieldPath,
  value: unknown,
): Explanation[] {
  const known = Object.keys(properties);
  const strays = Object.keys(value as object).filter(
    (key) => !known.includes(key) && !Object.hasOwn(unsupported, key),
  );
  return (
    names
      // A mistyped name is reported as an unknown field.
      .filter((name) => !strays.some((stray) => nearest(stray, known) === name))
      .map((name) => {
        const lacked = mayLack[name];
        const has = (other: string): boolean => Object.hasOwn(value as object, other);
        const isAllowed = lacked?.beside.some(has) === true && lacked.never?.some(has) !== true;
        if (isAllowed)
          return {
            code: "cluster-form",
            path,
            name,
            message: `without ${name} it is not read by the local mesh`,
            fix: lacked.fix,
          };
        return {
          code: "missing-field",
          path,
          name,
          message: `${name} is missing`,
          fix: `add ${name}${wanted(properties[name])}`,
        };
      })
  );
}

function wanted(node: SchemaNode | undefined): string {
  if (node?.const !== undefined) return `: ${node.const}`;
  return node?.type === undefined ? "" : `, ${noun(node.type)}`;
}

function wrongValue(
  keyword: string,
  params: Record<string, unknown>,
  node: SchemaNode,
  value: unknown,
): { message: string; fix?: string | undefined } {
  const found = describe(value);
  const limit = Number(params["limit"]);
  switch (keyword) {
    case "type":
      return wrongType(String(params["type"]), node, value);
    case "enum":
      return { message: `${found} is not allowed here`, fix: allowed(value, node.enum ?? []) };
    case "const":
      return { message: `${found} is not allowed here`, fix: `write ${node.const}` };
    case "minimum":
      return { message: `${found} is too small`, fix: `at least ${limit} is allowed` };
    case "maximum":
      return { message: `${found} is too large`, fix: `at most ${limit} is allowed` };
    case "minItems":
      return { message: "the list is empty", fix: "give at least one item" };
    case "maxItems":
      return {
        message: `the list has ${(value as unknown[]).length} items`,
        fix: `only ${limit} is allowed`,
      };
    case "minLength":
      return { message: "the text is empty", fix: "give at least one character" };
    case "maxLength":
      return {
        message: `the text has ${(value as string).length} characters`,
        fix: `at most ${limit} are allowed`,
      };
    case "minProperties":
      return { message: `${node.expected} is needed here, and none is given` };
    case "maxProperties":
      return {
        message: `${node.expected} is needed here, and ${Object.keys(value as object).length} are given`,
      };
    default:
      return { message: `${found} is not ${node.expected ?? `valid (${keyword})`}` };
  }
}

function wrongType(type: string, node: SchemaNode, value: unknown): { message: string; fix?: string } {
  const isPlain = ["string", "number", "boolean"].includes(typeof value);
  if (type === "string" && isPlain) {
    // Quotes repair only a value whose text is valid.
    if (new RegExp(node.pattern ?? "").test(String(value)))
      return { message: instead(type, value), fix: "write it in quotes" };
    return { message: `${describe(value)} is not ${node.expected}` };
  }
  const message = instead(type, value);
  if (type === "string" && value === null) return { message, fix: 'write "" for an empty one' };
  if (type === "integer" && /^[0-9]+$/.test(String(value)))
    return { message, fix: "write it without quotes" };
  if (type === "array" && value !== null) return { message, fix: 'begin each item with "-"' };
  if (type === "object" && node.expected !== undefined) return { message, fix: `give ${node.expected}` };
  return { message };
}

function instead(type: string, value: unknown): string {
  return `${noun(type)} is expected, ${value === null ? "and nothing is given" : `not ${describe(value)}`}`;
}

function allowed(value: unknown, values: unknown[]): string {
  const near = typeof value === "string" ? nearest(value, values.map(String)) : undefined;
  return near === undefined ? `write ${anyOf(values)}` : `did you mean ${near}?`;
}

function anyOf(values: unknown[]): string {
  const last = values.at(-1);
  return values.length === 1 ? String(last) : `${values.slice(0, -1).join(", ")} or ${last}`;
}

function noun(type: string): string {
  switch (type) {
    case "string":
      return "a string";
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
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map of fields";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function nodeAt(schema: SchemaNode, pointer: string): SchemaNode {
  const node = valueAt(schema, stepsOf(pointer.replace(/^#/, "")));
  return isRecord(node) ? node : {};
}
