import { describe, expect, test } from "bun:test";
import type { AnswerValue } from "../../traffic/answer-values.ts";
import { mixedSeed, seededRandom } from "../../traffic/random.ts";
import { AnswerCheck } from "./answer-check.ts";

/** ln(1/0.005): the threshold of one check beside requests. */
const DECIDES = Math.log(200);

interface Drawn {
  rps?: number;
  share?: number;
  seconds?: number;
  seed?: number;
}

/** Returns after how many seconds a field is found to differ; undefined if it is not. */
function found(
  draw: (side: "candidate" | "baseline", random: () => number, t: number) => AnswerValue,
  { rps = 20, share = 0.25, seconds = 600, seed = 1 }: Drawn = {},
) {
  const random = seededRandom(mixedSeed(seed));
  const check = new AnswerCheck(1.25);
  for (let i = 0; i < seconds * rps; i++) {
    const side = random() < share ? "candidate" : "baseline";
    check.observe(side, draw(side, random, i / rps), i / rps);
    if (check.evidence >= DECIDES) return { t: i / rps, says: check.says };
  }
  return undefined;
}

const seeds = Array.from({ length: 100 }, (_, seed) => seed);
/** Returns how many of a hundred comparisons find a difference. */
const howMany = (draw: Parameters<typeof found>[0], options: Drawn = {}): number =>
  seeds.filter((seed) => found(draw, { seconds: 120, ...options, seed }) !== undefined).length;

describe("a field of answers", () => {
  test("with inverted values is found within seconds, and named", () => {
    const turned = found((side) => side === "baseline");
    expect(turned?.t).toBeLessThan(12);
    expect(turned?.says).toMatch(
      /^finds (true|false) in (0|100) % of the candidate's answers against (0|100) %, of \d+ pairs$/,
    );
  });

  test("that fails more often is found at every share of the traffic", () => {
    const passes = (side: string, random: () => number) => random() >= (side === "candidate" ? 0.2 : 0.01);
    for (const share of [0.05, 0.5, 0.95]) expect(found(passes, { share })?.t).toBeLessThan(300);
  });

  test("that is missing, or of another type, is found and reported", () => {
    expect(found((side) => (side === "candidate" ? { missing: "not JSON" } : true))?.says).toContain(
      "not JSON",
    );
    expect(found((side) => (side === "candidate" ? "712" : 712))?.says).toContain('"712"');
  });

  test("of numbers is found to be larger, smaller, more spread and fixed", () => {
    const score = (shift: number, spread: number) => (side: string, random: () => number) =>
      side === "candidate" ? 700 + shift + spread * (random() - 0.5) : 700 + 100 * (random() - 0.5);
    for (const draw of [score(30, 100), score(-30, 100), score(0, 300), score(0, 0)])
      expect(found(draw, { share: 0.5 })?.t).toBeLessThan(120);
    expect(found((side) => (side === "candidate" ? -1 : 0))?.says).toStartWith("finds below 0 in 100 %");
  });

  test("that is alike has no finding, for any values and any actual share", () => {
    expect(howMany((_side, random) => random() < 0.99)).toBe(0);
    expect(howMany((_side, random) => Math.floor(random() * 40).toString())).toBe(0);
    expect(howMany((_side, random) => 700 + 100 * random(), { share: 0.5 })).toBe(0);
    expect(howMany((_side, random, t) => random() < (t % 20 < 10 ? 0.2 : 0.8))).toBe(0);
    // The odds differ by 1.2, which is tolerated.
    expect(howMany((side, random) => random() < (side === "candidate" ? 0.545 : 0.5))).toBe(0);
  });

  test("is not decided by one bad second", () => {
    const badSecond = (side: string, _random: () => number, t: number) =>
      side === "baseline" || t < 20 || t >= 21;
    expect(found(badSecond, { rps: 500, share: 0.5, seconds: 60 })).toBeUndefined();
  });

  test("continues identically from its state", () => {
    const random = seededRandom(7);
    let check = new AnswerCheck(1.25);
    const whole = new AnswerCheck(1.25);
    for (let i = 0; i < 2000; i++) {
      const side = random() < 0.3 ? "candidate" : "baseline";
      const value = random() < 0.3 ? 100 * random() : random() < 0.9;
      check.observe(side, value, i / 4);
      whole.observe(side, value, i / 4);
      if (i % 100 === 0) check = new AnswerCheck(1.25, JSON.parse(JSON.stringify(check.snapshot())));
    }
    expect(check.snapshot()).toEqual(whole.snapshot());
  });

  test("without any value has the reason", () => {
    const check = new AnswerCheck(1.25);
    expect([check.isEmpty, check.says]).toEqual([true, "has found no value yet"]);
    check.observe("baseline", { missing: "no such field" }, 1);
    expect([check.isEmpty, check.says]).toEqual([true, "has found no value yet: no such field in 1 answer"]);
  });
});
