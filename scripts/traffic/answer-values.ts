import Type, { type Static } from "typebox";
import { isRecord } from "../schema/value.ts";
import type { AnswerField } from "./answer-field.ts";

/** The value of a field in one answer, or the reason why there is none. */
export const AnswerValue = Type.Union([
  Type.String(),
  Type.Number(),
  Type.Boolean(),
  Type.Null(),
  Type.Object({ missing: Type.String() }),
]);
export type AnswerValue = Static<typeof AnswerValue>;

/** Values by the notation of their field. */
export const AnswerValues = Type.Record(Type.String(), AnswerValue);
export type AnswerValues = Static<typeof AnswerValues>;

/** Longer texts are compared by their first characters. */
const MOST_CHARACTERS = 64;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The parts of an answer that fields are read from. */
export interface AnswerContent {
  header(name: string): string | undefined;
  /** The body, or the reason why it was not kept. */
  body: Uint8Array | { missing: string };
}

/** Reads the fields of an answer, by their notation. */
export function answerValues(
  fields: ReadonlyMap<string, AnswerField>,
  { header, body }: AnswerContent,
): AnswerValues {
  let json: { value: unknown } | { missing: string } | undefined;
  const values: AnswerValues = {};
  for (const [text, field] of fields) {
    if (field.kind === "header") values[text] = ofHeader(header(field.name));
    else {
      json ??= "missing" in body ? body : parsed(body);
      values[text] = "missing" in json ? json : ofJson(json.value, field.path);
    }
  }
  return values;
}

function ofHeader(text: string | undefined): AnswerValue {
  if (text === undefined) return { missing: "no such header" };
  return NUMBER.test(text) ? Number(text) : text.slice(0, MOST_CHARACTERS);
}

function parsed(body: Uint8Array): { value: unknown } | { missing: string } {
  if (body.length === 0) return { missing: "no body" };
  try {
    return { value: JSON.parse(new TextDecoder().decode(body)) };
  } catch {
    return { missing: "not JSON" };
  }
}

function ofJson(root: unknown, path: readonly (string | number)[]): AnswerValue {
  let value = root;
  for (const step of path) {
    const isThere = typeof step === "number" ? Array.isArray(value) : isRecord(value);
    if (!isThere || !Object.hasOwn(Object(value), step)) return { missing: "no such field" };
    value = Array.isArray(value) ? value[Number(step)] : isRecord(value) ? value[step] : undefined;
  }
  if (typeof value === "string") return value.slice(0, MOST_CHARACTERS);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return { missing: Array.isArray(value) ? "a list" : "an object" };
}
