import { expect, test } from "bun:test";
import fc from "fast-check";
import Type from "typebox";
import { Check } from "typebox/schema";
import { check } from "./check.ts";
import { Name } from "./schema.ts";

const SCHEMA = Type.Object(
  {
    name: Name,
    weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    hosts: Type.Array(Type.Union([Type.Literal("*"), Name]), { maxItems: 3 }),
  },
  { additionalProperties: false },
);

test("a check says the same before and after its schema is compiled", () => {
  const text = fc.oneof(fc.constantFrom("a", "*", "A", "", "x-1"), fc.string());
  const part = fc.oneof(
    text,
    fc.integer({ min: -2, max: 102 }),
    fc.array(text, { maxLength: 5 }),
    fc.anything(),
  );
  const value = fc.oneof(
    fc.dictionary(fc.constantFrom("name", "weight", "hosts", "more"), part),
    fc.record({
      name: text,
      weight: fc.integer({ min: -2, max: 102 }),
      hosts: fc.array(text, { maxLength: 4 }),
    }),
    fc.anything(),
  );
  const valid = { name: "a", hosts: ["*"] };
  for (let i = 0; i < 300; i++) expect(check(SCHEMA, valid)).toBe(true);
  // So large a value makes it compile.
  expect(check(SCHEMA, { name: "a", hosts: Array(20_001).fill("*") })).toBe(false);
  fc.assert(
    fc.property(value, (one) => {
      expect(check(SCHEMA, one)).toBe(Check(SCHEMA, one));
    }),
    { numRuns: 500 },
  );
});

test("a value that contains itself is checked", () => {
  const value: { name: string; hosts: unknown[] } = { name: "a", hosts: [] };
  value.hosts.push(value.hosts);
  expect(check(SCHEMA, value)).toBe(false);
});
