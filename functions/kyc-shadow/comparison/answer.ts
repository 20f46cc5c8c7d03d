/** The compared value of a field: true and false, or any other value as JSON. */
export type FieldValue = boolean | string;

/** An answer of one version: its fields by name. */
export interface Answer {
  /** Undefined unless the answer has status 2xx and is a JSON object. */
  readonly fields: ReadonlyMap<string, FieldValue> | undefined;
}

/** The field of every answer that tells whether it has status 2xx and is a JSON object. */
export const ANSWERED = "answered";

const NAME = /^[A-Za-z_][\w-]{0,63}$/;
const MOST_FIELDS = 60;
const DEEPEST = 3;

/**
 * Reads the fields of an answer. Fields of nested objects are named by a path with dots; an array is one value. Fields
 * whose names are not identifiers are ignored, because names are stored and shown.
 */
export function fieldsOf(body: unknown): ReadonlyMap<string, FieldValue> | undefined {
  if (!isObject(body)) return undefined;
  const fields = new Map<string, FieldValue>();
  collect(body, "", 1);
  return fields;

  function collect(object: Readonly<Record<string, unknown>>, prefix: string, depth: number): void {
    for (const [key, value] of Object.entries(object)) {
      if (!NAME.test(key) || fields.size >= MOST_FIELDS) continue;
      const name = `${prefix}${key}`;
      if (typeof value === "boolean") fields.set(name, value);
      else if (isObject(value) && depth < DEEPEST) collect(value, `${name}.`, depth + 1);
      else fields.set(name, JSON.stringify(value));
    }
  }
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
