import Type, { type TObject, type TProperties } from "typebox";
import { isRecord } from "./value.ts";

/** The constraints of a schema beyond types and required fields. */
const CONSTRAINTS: ReadonlySet<string> = new Set([
  "additionalProperties",
  "maxItems",
  "maxLength",
  "maxProperties",
  "maximum",
  "minItems",
  "minLength",
  "minProperties",
  "minimum",
  "pattern",
]);

/**
 * Some fields of a kind as in a live object: with the types of the kind's schema, and with unknown fields allowed. The API
 * server has checked the rest, and may accept more than the schema does.
 */
export function liveFields<P extends TProperties, K extends keyof P & string>(
  { properties }: TObject<P>,
  ...names: readonly K[]
): TObject<Pick<P, K>> {
  const fields: TProperties = {};
  for (const name of names) fields[name] = withoutConstraints(properties[name] ?? {});
  // TypeScript does not follow the names through the loop.
  return Type.Object(fields) as TObject<Pick<P, K>>;
}

/** A copy of a schema, including typebox's hidden properties, which mark optional fields. */
function withoutConstraints<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(withoutConstraints) as T;
  if (!isRecord(schema)) return schema;
  const copy = Object.create(null, Object.getOwnPropertyDescriptors(schema)) as Record<string, unknown>;
  for (const [key, value] of Object.entries(schema)) {
    if (CONSTRAINTS.has(key) && !isRecord(value)) delete copy[key];
    else copy[key] = withoutConstraints(value);
  }
  return copy as T;
}
