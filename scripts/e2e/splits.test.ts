import { describe, expect, test } from "bun:test";
import { judgeSplit } from "./splits.ts";

const judge = (
  shares: Record<string, number>,
  counts: Record<string, number>,
  failed = 0,
): ReturnType<typeof judgeSplit> =>
  judgeSplit("splits", shares, { counts: new Map(Object.entries(counts)), failed, requests: 1_000 });

const HALF = { basic: 50, advanced: 50 };
const ALL = { basic: 100, advanced: 0 };

describe("an observed split", () => {
  test("is judged by chi-square, with its figures", async () => {
    // 4 * 16^2 / 1000 = 1.024 at one degree of freedom.
    expect(await judge(HALF, { "credit-check-basic": 516, "credit-check-advanced": 484 })).toEqual({
      group: "splits",
      name: "basic 50 %, advanced 50 %",
      expected: "chi-square with p of at least 0.0001, none failed",
      seen: "516 : 484 of 1000, chi-square 1.02, p 0.3116",
      ok: true,
    });
  });

  test.each([
    ["off by what chance makes once in thirty thousand", HALF, [434, 566], 0, false],
    ["off by what chance makes once in six thousand", HALF, [440, 560], 0, true],
    ["of nine to one", { basic: 90, advanced: 10 }, [905, 95], 0, true],
    ["of eight to two where nine to one is wanted", { basic: 90, advanced: 10 }, [800, 200], 0, false],
    ["with a request that failed", HALF, [500, 499], 1, false],
    ["with an answer of another revision", HALF, [500, 499], 0, false],
    ["of all", ALL, [1_000, 0], 0, true],
    ["of all but one", ALL, [999, 1], 0, false],
    ["of all with one that failed", ALL, [999, 0], 1, false],
  ])("%s", async (_, shares, [basic = 0, advanced = 0], failed, ok) => {
    const counts = { "credit-check-basic": basic, "credit-check-advanced": advanced };
    const others = 1_000 - basic - advanced - failed;
    const result = await judge(
      shares,
      { ...counts, ...(others > 0 ? { "credit-check-v3": others } : {}) },
      failed,
    );
    expect(result.ok).toBe(ok);
    expect(result.seen).toStartWith(`${basic} : ${advanced} of 1000`);
    if (failed > 0) expect(result.seen).toContain(`, ${failed} failed`);
    if (others > 0) expect(result.seen).toContain(`, ${others} by others`);
  });
});
