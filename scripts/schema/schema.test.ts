import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Check } from "typebox/schema";
import { Duration, durationMs, Name } from "./schema.ts";

describe("a duration", () => {
  test.each([
    ["0s", 0],
    ["250ms", 250],
    ["1.5s", 1500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1m30s", 90_000],
    ["1h2m3s4ms", 3_723_004],
    ["1m1ms", 60_001],
  ])("of %s is %d ms", (text, ms) => {
    expect(Check(Duration, text)).toBe(true);
    expect(durationMs(text)).toBe(ms);
  });

  test.each(["", "5", "s", "5 s", "-5s", "5S", "1.s", ".5s", "5sec", "5s ", "1d"])("is not %j", (text) => {
    expect(Check(Duration, text)).toBe(false);
  });

  test("is the sum of its parts", () => {
    const part = fc.tuple(fc.integer({ min: 0, max: 999 }), fc.constantFrom("h", "m", "s", "ms"));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const texts = parts.map(([amount, unit]) => `${amount}${unit}`);
        expect(Check(Duration, texts.join(""))).toBe(true);
        expect(durationMs(texts.join(""))).toBe(texts.reduce((sum, text) => sum + durationMs(text), 0));
      }),
    );
  });
});

describe("a name", () => {
  test.each(["a", "7", "credit-check", "credit-check-00001", "a".repeat(63)])("may be %j", (text) => {
    expect(Check(Name, text)).toBe(true);
  });

  test.each(["", "-a", "a-", "A", "a_b", "a.b", "a b", "a\n", "a".repeat(64)])("may not be %j", (text) => {
    expect(Check(Name, text)).toBe(false);
  });
});
