import Type, { type TObject, type TProperties, type TSchemaOptions } from "typebox";

/** Notes that a schema of ours carries beside what JSON Schema knows; `validate` and `notes` read them. */
export interface FieldNotes {
  /** Fields that the API has and this tool does not act on: refused with this sentence, not with "unknown field". */
  refused?: Readonly<Record<string, string>>;
  /** The field is for the cluster only; on one machine it has no effect, which is said at each start. */
  clusterOnly?: true;
  /** What a value must look like, in words, where a pattern says it only to machines. */
  expected?: string;
}

/** An object that may hold these fields and no other. */
export function strict<P extends TProperties>(
  properties: P,
  options: TSchemaOptions & FieldNotes = {},
): TObject<P> {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** A DNS label (RFC 1123), as Kubernetes wants for most names. */
export const Name = Type.String({
  pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
  expected: "lower-case letters, digits and -, at most 63, beginning and ending with a letter or digit",
} satisfies TSchemaOptions & FieldNotes);

const StringMap = Type.Record(Type.String(), Type.String());

/** The metadata of any object in a namespace. */
export const Metadata = strict({
  name: Name,
  namespace: Type.Optional(Name),
  labels: Type.Optional(StringMap),
  annotations: Type.Optional(StringMap),
});

/** A duration as Istio writes it: `1.5s`, `250ms`, `1h`. */
export const Duration = Type.String({
  pattern: "^([0-9]+(\\.[0-9]+)?(h|m|s|ms))+$",
  expected: "a duration such as 500ms, 2s or 1m30s",
} satisfies TSchemaOptions & FieldNotes);

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Milliseconds of a duration that matches {@link Duration}. */
export function durationMs(text: string): number {
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(h|ms|m|s)/g))
    ms += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  return ms;
}
