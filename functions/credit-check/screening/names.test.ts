import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compareNames, SAME_PERSON } from "./compare-names.ts";
import { readName } from "./name.ts";
import { indexNames } from "./name-index.ts";
import { jaroWinkler } from "./similarity.ts";

const similarity = (a: string, b: string): number => compareNames(readName(a), readName(b));

const part = fc.constantFrom(
  "olga",
  "petrov",
  "ibrahim",
  "hassan",
  "kaya",
  "erik",
  "johansson",
  "nguyen",
  "alexandra",
  "maria",
);
const name = fc.uniqueArray(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(" "));

test.each([
  ["martha", "marhta", 0.9611],
  ["dixon", "dicksonx", 0.8133],
  ["dwayne", "duane", 0.84],
  ["abc", "xyz", 0],
])("Jaro-Winkler of %s and %s is that of Winkler's paper", (a, b, expected) => {
  expect(jaroWinkler(a, b)).toBeCloseTo(expected, 4);
});

describe("two names", () => {
  test.each([
    ["Erik Johansson", "JOHANSSON, Erik"],
    ["Erik Johanson", "Erik Johansson"],
    ["Dr. Erik Johansson", "Erik Johansson"],
    ["ErikJohansson", "Erik Johansson"],
    ["Erik Johan sson", "Erik Johansson"],
    ["E. Johansson", "Erik Johansson"],
    ["Erik Gustav Johansson", "Erik Johansson"],
    ["Ольга Петрова", "Olga Petrova"],
    ["Nguyễn Thị Hương", "Nguyen Thi Huong"],
    ["Abd al-Aziz Hassan", "Abdal Aziz Hassan"],
  ])("%s and %s may be of one person", (a, b) => {
    expect(similarity(a, b)).toBeGreaterThanOrEqual(SAME_PERSON);
  });

  test.each([
    ["Erik Johansson", "Erik Johannesburg"],
    ["Erik Gustav Johansson", "Erik Anders Johansson"],
    ["A. Johansson", "Erik Johansson"],
    ["Johansson", "Erik Johansson"],
    ["E. J.", "Erik Johansson"],
    ["bin al", "bin al Hassan"],
    ["", ""],
  ])("%s and %s are not", (a, b) => {
    expect(similarity(a, b)).toBeLessThan(SAME_PERSON);
  });

  test("have a symmetric similarity, and 1 with themselves", () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(similarity(a, b)).toBeCloseTo(similarity(b, a), 9);
        expect(similarity(a, a)).toBe(1);
      }),
    );
  });
});

describe("an index of names", () => {
  test("finds the same names as comparing each", async () => {
    const mistyped = fc.tuple(name, fc.nat(30)).map(([text, at]) => text.slice(0, at) + text.slice(at + 1));
    await fc.assert(
      fc.asyncProperty(
        fc.array(name, { minLength: 1, maxLength: 30 }),
        fc.oneof(name, mistyped),
        async (listed, asked) => {
          const query = readName(asked);
          const index = await indexNames(listed.map((text) => ({ owner: text, names: [text] })));
          const found = index.find(query, SAME_PERSON);
          const expected = listed.filter((text) => compareNames(query, readName(text)) >= SAME_PERSON);
          expect(found.map(({ owner }) => owner).sort()).toEqual(expected.sort());
        },
      ),
    );
  });

  test("finds persons of the same name, regardless of case, accents and order around a comma", async () => {
    const index = await indexNames([{ owner: 1, names: ["JOHÁNSSON, Erik"] }]);
    expect(index.exact(readName("erik johansson"))).toEqual([1]);
    expect(index.exact(readName("erik johanson gustav"))).toEqual([]);
  });
});
