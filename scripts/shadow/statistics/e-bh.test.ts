import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { eBenjaminiHochberg } from "./e-bh.ts";

describe("e-BH", () => {
  test("rejects hypotheses with sufficient e-values, and weaker ones along with them", () => {
    const logs = (...values: number[]) => values.map((value) => Math.log(value));
    expect(eBenjaminiHochberg(logs(79, 1, 1, 1), 0.05)).toEqual([]);
    expect(eBenjaminiHochberg(logs(81, 1, 1, 1), 0.05)).toEqual([0]);
    expect(eBenjaminiHochberg(logs(41, 1, 50, 1), 0.05)).toEqual([0, 2]);
    expect(eBenjaminiHochberg([], 0.05)).toEqual([]);
  });

  test("rejects the strongest, never fewer at a higher level, and only with mean evidence of 1 over the level", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -5, max: 12, noNaN: true }), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(0.01, 0.05, 0.2),
        (logs, level) => {
          const rejected = eBenjaminiHochberg(logs, level);
          const kept = logs.filter((_, i) => !rejected.includes(i));
          const weakest = Math.min(...rejected.map((i) => logs[i] ?? 0));
          if (rejected.length > 0) expect(weakest).toBeGreaterThanOrEqual(Math.max(...kept, -Infinity));
          expect(eBenjaminiHochberg(logs, level * 2).length).toBeGreaterThanOrEqual(rejected.length);
          for (const i of rejected)
            expect(Math.exp(logs[i] ?? 0) * rejected.length).toBeGreaterThanOrEqual(
              (logs.length / level) * (1 - 1e-9),
            );
        },
      ),
    );
  });
});
