import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../scripts/traffic/random.ts";
import { corpusOf, fuzz, type FuzzTarget } from "./fuzz.ts";
import { minimised, mutated } from "./mutate.ts";
import { TARGETS } from "./targets.ts";

describe("readers of external input", () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))(
    "%s: 300 mutations of the corpus are read or refused",
    async (name, target) => {
      const corpus = await corpusOf(name);
      expect(corpus.length).toBeGreaterThan(2);
      expect(await fuzz(target, { inputs: 300, seed: 1, corpus })).toMatchObject({
        inputs: 300,
        failure: undefined,
      });
    },
  );
});

describe("the fuzzer", () => {
  const failing: FuzzTarget = {
    name: "sample",
    words: ["ab", "cd"],
    run(input) {
      const text = input.toString("latin1");
      if (text.includes("ab") && text.includes("cd")) throw new Error("both");
    },
  };

  test("finds a failing input, minimises it, and finds the same one with the same seed", async () => {
    const run = () => fuzz(failing, { inputs: 10_000, seed: 5, corpus: [Buffer.from("some seed text")] });
    const { failure, inputs } = await run();
    expect(failure?.what).toBe("Error: both");
    expect(failure?.input.length).toBe(4);
    expect((await run()).inputs).toBe(inputs);
  });

  test("generates inputs of at most 4 KB, even from empty seeds", () => {
    const random = seededRandom(3);
    const lengths = Array.from({ length: 500 }, () => mutated(random, [Buffer.from("")], ["w"]).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(4_096);
  });

  test("does not change an input if no smaller one fails", async () => {
    const input = Buffer.from("xyz");
    expect(await minimised(input, async (smaller) => smaller.equals(input))).toEqual(input);
  });
});
