import Type, { type Static, type TSchemaOptions } from "typebox";
import { type FieldNotes, strict } from "./schema.ts";

/** Advice for a field that needs a feature that the local mesh does not have. */
export const outside = (what: string): string =>
  `the local mesh does not ${what}: leave it out, or try it on a cluster`;

export const Path = Type.String({
  pattern: "^/[\\x21-\\x7e]*$",
  expected: "a path that begins with / and has neither blanks nor letters beyond ASCII",
} satisfies FieldNotes & TSchemaOptions);

export const Authority = Type.String({
  pattern: "^[-A-Za-z0-9._]+(:[0-9]+)?$",
  expected: "a host name, which may have a port",
} satisfies FieldNotes & TSchemaOptions);

/** A share of the requests. Envoy counts it in millionths. */
export const Percent = strict({ value: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })) });

/** The host of a destination. */
export const Destination = strict({
  host: Type.String({ minLength: 1 }),
  port: Type.Optional(strict({ number: Type.Integer({ minimum: 1, maximum: 65535 }) })),
  subset: Type.Optional(Type.String({ minLength: 1 })),
});

export const HTTPStatus = Type.Integer({ minimum: 200, maximum: 599 });

export type Destination = Static<typeof Destination>;
export type Percent = Static<typeof Percent>;

/** A percentage as Envoy counts it: in millionths, rounded down. */
export function percentOf(percentage: Percent | undefined): number {
  // The product of two decimal fractions may be slightly below the exact whole number.
  return Math.floor((percentage?.value ?? 0) * 10_000 + 1e-6) / 10_000;
}
