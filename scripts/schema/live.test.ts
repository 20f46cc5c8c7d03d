import { describe, expect, test } from "bun:test";
import Type from "typebox";
import { Check } from "typebox/schema";
import { liveFields } from "./live.ts";
import { strict } from "./schema.ts";

const Kind = strict(
  {
    host: Type.String({ pattern: "^[a-z]+$", maxLength: 3 }),
    weight: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    ports: Type.Optional(Type.Array(strict({ number: Type.Integer({ minimum: 1 }) }), { minItems: 1 })),
    other: Type.String(),
  },
  { minProperties: 2 },
);
const Live = liveFields(Kind, "host", "weight", "ports");

describe("the fields of a live object", () => {
  test.each<[unknown]>([
    [{ host: "A.example" }],
    [{ host: "a", weight: 1000, unknown: true }],
    [{ host: "a", ports: [] }],
    [{ host: "a", ports: [{ number: 0, targetPort: 1 }] }],
  ])("may hold more than the kind's schema accepts: %j", (value) => {
    expect(Check(Live, value)).toBe(true);
  });

  test.each<[unknown]>([[{}], [{ host: 1 }], [{ host: "a", weight: "1" }], [{ host: "a", ports: [{}] }]])(
    "have their types, and are there if they must be: %j",
    (value) => {
      expect(Check(Live, value)).toBe(false);
    },
  );

  test("leave the kind's schema as it was", () => {
    expect(Check(Kind, { host: "A.example", other: "" })).toBe(false);
  });
});
