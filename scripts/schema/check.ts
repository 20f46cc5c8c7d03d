import type { Static, TSchema } from "typebox";
import { Check, Compile } from "typebox/schema";

/** Compiling takes as long as some hundred checks of a manifest do, and makes each later one 20 times as fast. */
const CHECKS_BEFORE_COMPILING = 200;

const uses = new WeakMap<
  TSchema,
  { checks: number; compiled: { Check(value: unknown): boolean } | undefined }
>();

/** Whether a value is valid by a schema. A schema that is used often is compiled. */
export function check<S extends TSchema>(schema: S, value: unknown): value is Static<S> {
  const use = uses.get(schema) ?? { checks: 0, compiled: undefined };
  uses.set(schema, use);
  if (use.compiled === undefined && ++use.checks > CHECKS_BEFORE_COMPILING) use.compiled = Compile(schema);
  return use.compiled === undefined ? Check(schema, value) : use.compiled.Check(value);
}
