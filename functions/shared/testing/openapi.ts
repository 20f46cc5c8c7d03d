import { Value } from "@sinclair/typebox/value";
import { Type, type Static, type TSchema } from "@sinclair/typebox";

const Examples = Type.Record(Type.String(), Type.Object({ summary: Type.String(), value: Type.Unknown() }));
const Ref = Type.Object({ $ref: Type.String() }, { additionalProperties: false });

const Content = Type.Record(Type.String(), Type.Object({ schema: Ref, examples: Examples }));

const Operation = Type.Object({
  operationId: Type.String(),
  parameters: Type.Array(Type.Object({ name: Type.String(), in: Type.String(), examples: Examples })),
  requestBody: Type.Optional(
    Type.Object({
      content: Type.Record(Type.String(), Type.Object({ schema: Type.Object({ example: Type.Unknown() }) })),
    }),
  ),
  responses: Type.Record(
    Type.String(),
    Type.Object({
      description: Type.String({ minLength: 1 }),
      headers: Type.Record(Type.String(), Ref),
      content: Content,
    }),
  ),
});

/** The part of an OpenAPI document that tests read. */
export const Document = Type.Object({
  openapi: Type.Literal("3.0.3"),
  servers: Type.Array(Type.Object({ url: Type.String() })),
  paths: Type.Record(
    Type.String(),
    Type.Object({ get: Operation, post: Type.Optional(Operation) }, { additionalProperties: false }),
  ),
  components: Type.Object({
    schemas: Type.Record(Type.String(), Type.Unknown()),
    headers: Type.Record(Type.String(), Type.Unknown()),
  }),
});

/** Parses a document. @throws {Error} if it is invalid */
export const readDocument = (text: string) => Value.Parse(Document, JSON.parse(text));

/** All examples of requests and responses in a document, each with its schema. */
export function* examplesOf({ paths, components }: ReturnType<typeof readDocument>) {
  for (const [path, operations] of Object.entries(paths)) {
    for (const { requestBody, responses } of Object.values(operations)) {
      for (const { schema } of Object.values(requestBody?.content ?? {}))
        yield { what: `body of ${path}`, schema: "Applicant", value: schema.example };
      for (const [status, { content, headers }] of Object.entries(responses)) {
        for (const { $ref } of Object.values(headers)) lookUp($ref, "headers", components.headers);
        yield* examplesIn(`${status} of ${path}`, content);
      }
    }
  }

  function* examplesIn(what: string, content: Static<typeof Content>) {
    for (const { schema, examples } of Object.values(content)) {
      const name = lookUp(schema.$ref, "schemas", components.schemas);
      for (const [example, { value }] of Object.entries(examples))
        yield { what: `${what}, ${example}`, schema: name, value };
    }
  }
}

/** Whether a value matches a schema of the service. */
export const isValid = (
  schemas: Readonly<Record<string, TSchema>>,
  name: string,
  value: unknown,
): boolean => {
  const schema = schemas[name];
  return schema !== undefined && Value.Check(schema, value);
};

function lookUp(ref: string, kind: string, known: Readonly<Record<string, unknown>>): string {
  const name = ref.replace(`#/components/${kind}/`, "");
  if (!Object.hasOwn(known, name)) throw new Error(`${ref} leads nowhere`);
  return name;
}
