import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Type from "typebox";
import { Parse } from "typebox/value";
import { compareSides } from "./judge-pair.ts";

// Pairs with the verdict of istiod's output, recorded by `bun test/oracle/run.ts --record`.

const Recorded = Type.Object({
  a: Type.Array(Type.Object({})),
  b: Type.Array(Type.Object({})),
  made: Type.String(),
  pilot: Type.Enum(["same text", "same outcomes", "different"]),
  ours: Type.Enum(["equal", "different", "unknown", "refused", "no host"]),
});

const LINES = readFileSync(join(import.meta.dir, "fixtures/pairs.jsonl"), "utf8")
  .trimEnd()
  .split("\n");

test.each(
  LINES.map((line) => Parse(Recorded, JSON.parse(line))).map((pair, i) => [i, pair.made, pair] as const),
)("pair %i, made by %s: equal says what it said beside istiod", (_, made, { a, b, pilot, ours }) => {
  const compared = compareSides({ a, b, made });
  const verdict = compared.kind === "compared" ? compared.comparison.verdict : compared.kind;
  expect(verdict).toBe(ours);
  expect([verdict, pilot]).not.toEqual(["equal", "different"]);
});
