import Type, { type Static, type TSchema, type TSchemaOptions } from "typebox";
import { type FieldNotes, strict } from "../../schema/schema.ts";

const HeaderName = "^[-!#$%&'*+.^_`|~0-9A-Za-z]+$";

/** A map with header names as keys. */
export const headerMap = <T extends TSchema>(value: T, name: string = HeaderName) =>
  Type.Record(Type.String({ pattern: name }), value, {
    additionalProperties: false,
    expectedKey: "the name of a header",
  } satisfies FieldNotes & TSchemaOptions);

// Envoy ignores an empty value, so the header would keep its old one.
const HeaderValues = headerMap(
  Type.String({
    pattern: "^[\\t\\x20-\\x7e]+$",
    expected: "the value of a header: printable ASCII, at least one character",
  } satisfies FieldNotes & TSchemaOptions),
);

/** Changes of the headers of a message. */
export const HeaderOperations = strict({
  set: Type.Optional(HeaderValues),
  add: Type.Optional(HeaderValues),
  remove: Type.Optional(
    Type.Array(
      Type.String({ pattern: HeaderName, expected: "the name of a header" } satisfies FieldNotes &
        TSchemaOptions),
    ),
  ),
});

/** Changes of the headers of a request and of its response. */
export const Headers = strict({
  request: Type.Optional(HeaderOperations),
  response: Type.Optional(HeaderOperations),
});

export type HeaderOperations = Static<typeof HeaderOperations>;
