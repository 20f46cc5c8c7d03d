import { expect, test } from "bun:test";
import { rolloutMemory } from "./rollouts.ts";

test("parallel rollouts use little memory each", () => {
  const { points, name } = rolloutMemory(10, [500, 1_000]);
  expect(name).toBe("memory of one of 10 rollouts");
  expect(points.map(({ size }) => size)).toEqual([500, 1_000]);
  for (const { value } of points) expect(value).toBeLessThan(512);
});
