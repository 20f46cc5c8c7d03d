import { expect, test } from "bun:test";
import { nearest } from "./nearest.ts";

const known = ["basic", "advanced", "v3"];

test.each([
  ["basik", "basic"],
  ["Basic", "basic"],
  ["advnaced", "advanced"],
  [" advanced ", "advanced"],
  ["v4", "v3"],
])("%p was meant to be %p", (word, meant) => expect(nearest(word, known)).toBe(meant));

test.each(["", "unheard-of", "advertisement"])("%p is close to no known word", (word) =>
  expect(nearest(word, known)).toBeUndefined(),
);

test("there is no nearest word without known words", () => expect(nearest("basic", [])).toBeUndefined());
