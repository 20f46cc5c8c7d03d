import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseStrictJson } from "./strict-json.ts";

const WRONG_SHAPE = { refused: "wrong_shape" } as const;

describe("strict JSON", () => {
  test("is parsed as by JSON.parse", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(parseStrictJson(text)).toEqual({ value: JSON.parse(text) });
      }),
    );
  });

  test.each([
    ['{"a":1,"a":1}'],
    ['{"a":true,"b":{},"a":false}'],
    ['{"a" : 1 ,\n"a"\t:2}'],
    ['{"a":1,"\\u0061":2}'],
    ['{"x":[{"deep":{"k":1,"k":2}}]}'],
    ['{"__proto__":1,"__proto__":2}'],
    ['{"\\"":1,"\\"":2}'],
  ])("refuses a duplicate key: %s", (text) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(parseStrictJson(text)).toEqual(WRONG_SHAPE);
  });

  test.each([
    ['{"a":{"a":1},"b":[{"a":1},{"a":2}]}'],
    ['{"a":"\\"a\\":","b":"{\\"b\\":1"}'],
    ['["a","a"]'],
    ['{"a":"a","b":"a"}'],
    ['"a"'],
    ["[]"],
  ])("accepts the same text in other positions: %s", (text) => {
    expect(parseStrictJson(text)).toEqual({ value: JSON.parse(text) });
  });

  test.each(['{"a":[1e999]}', "-1E400", `[${"9".repeat(400)}]`])(
    "refuses a number that would be forwarded as null: %s",
    (text) => {
      expect(JSON.stringify(JSON.parse(text))).toContain("null");
      expect(parseStrictJson(text)).toEqual(WRONG_SHAPE);
    },
  );

  test.each(['{"a":1e30,"b":"1e999"}', "1.5e-400"])("accepts other exponents: %s", (text) => {
    expect(parseStrictJson(text)).toEqual({ value: JSON.parse(text) });
  });

  test("refuses every object with a duplicate key, at any position", () => {
    const key = fc.string({ minLength: 1, maxLength: 8, unit: "binary" });
    fc.assert(
      fc.property(key, fc.json({ maxDepth: 3 }), fc.boolean(), (name, value, isEscaped) => {
        const plain = JSON.stringify(name);
        const escaped = [...name].flatMap((letter) => letter.split(""));
        const other = escaped
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
          .join("");
        const again = isEscaped ? `"${other}"` : plain;
        expect(parseStrictJson(`[{${plain}:${value},"\\u0000other":1,${again}:${value}}]`)).toEqual(
          WRONG_SHAPE,
        );
      }),
    );
  });

  test("accepts 32 levels and refuses 33 without parsing them", () => {
    const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    expect(parseStrictJson(nested(32))).toHaveProperty("value");
    expect(parseStrictJson(nested(33))).toEqual(WRONG_SHAPE);
    expect(parseStrictJson('{"a":'.repeat(33))).toEqual(WRONG_SHAPE);
  });

  test.each(['"', '"\\', '\\"', '"a":', '"" ', "[]", "\t"])("is read in linear time: %j", (unit) => {
    const startedAt = performance.now();
    parseStrictJson(unit.repeat(400_000));
    // A few milliseconds; quadratic time would be minutes.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test.each(["", "{", '{"a"', '{"a":1', "nul", '"', '"\\', "{]", '{"\\u00":1}', "]", "\u0000"])(
    "says not_json of %j",
    (text) => expect(parseStrictJson(text)).toEqual({ refused: "not_json" }),
  );
});
