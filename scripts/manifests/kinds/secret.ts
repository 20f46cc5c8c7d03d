import Type, { type Static, type TSchemaOptions } from "typebox";
import {
  type FieldNotes,
  Metadata,
  METADATA_FILLED_IN,
  OBJECT_FILLED_IN,
  strict,
} from "../../schema/schema.ts";

/**
 * The annotation that names the values of a Secret that are generated if they are missing, so that no file contains
 * them: `deploy` generates them once for a cluster, and the local mesh for each run.
 */
export const GENERATE = "kyc.dev/generate";

const clusterOnly = { clusterOnly: true } satisfies FieldNotes;
const Values = Type.Record(Type.String(), Type.String());

/** Values for environment variables that are not for every reader. */
export const Secret = strict(
  {
    apiVersion: Type.Literal("v1"),
    kind: Type.Literal("Secret"),
    metadata: strict(
      {
        ...Metadata.properties,
        annotations: Type.Optional(
          Type.Object(
            {
              [GENERATE]: Type.Optional(
                Type.String({
                  pattern: "^[-._a-zA-Z0-9]+(,[-._a-zA-Z0-9]+)*$",
                  expected: "names of values, with commas between them",
                } satisfies FieldNotes & TSchemaOptions),
              ),
            },
            { additionalProperties: Type.String(clusterOnly) },
          ),
        ),
      },
      { filledIn: METADATA_FILLED_IN },
    ),
    type: Type.Optional(Type.String(clusterOnly)),
    data: Type.Optional(Values),
    stringData: Type.Optional(Values),
    immutable: Type.Optional(Type.Boolean(clusterOnly)),
  },
  { filledIn: OBJECT_FILLED_IN },
);
export type Secret = Static<typeof Secret>;

/** Returns the names of a Secret's values to generate. */
export function valuesToGenerate(annotations: Readonly<Record<string, unknown>> | undefined): string[] {
  const names = annotations?.[GENERATE];
  return typeof names === "string" ? names.split(",") : [];
}

/** A new value: 32 random bytes in hexadecimal digits. */
export function generatedValue(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
}
