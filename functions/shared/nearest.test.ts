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

test.each(["", "unheard-of", "advertisement"])("%p was meant to be nothing that there is", (word) =>
  expect(nearest(word, known)).toBeUndefined(),
);

test("nothing is near if nothing is known", () => expect(nearest("basic", [])).toBeUndefined());
