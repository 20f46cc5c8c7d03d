import Type, { type Static, type TSchema, type TSchemaOptions } from "typebox";
import { type FieldNotes, strict } from "../../schema/schema.ts";

const HeaderName = "^[-!#$%&'*+.^_`|~0-9A-Za-z]+$";

/** A map whose keys are names of headers. */
export const headerMap = <T extends TSchema>(value: T, name: string = HeaderName) =>
  Type.Record(Type.String({ pattern: name }), value, {
    additionalProperties: false,
    expectedKey: "the name of a header",
  } satisfies FieldNotes & TSchemaOptions);

// Envoy passes over an empty value, so that a header set to nothing would keep what it was.
const HeaderValues = headerMap(
  Type.String({
    pattern: "^[\\t\\x20-\\x7e]+$",
    expected: "the value of a header: printable ASCII, at least one character",
  } satisfies FieldNotes & TSchemaOptions),
);

/** What happens to the headers of a message. */
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

/** What happens to the headers of a request, and of the answer to it. */
export const Headers = strict({
  request: Type.Optional(HeaderOperations),
  response: Type.Optional(HeaderOperations),
});

export type HeaderOperations = Static<typeof HeaderOperations>;
