import { expect, test } from "bun:test";
import { join } from "node:path";
import Type from "typebox";
import { Parse } from "typebox/value";
import { kycAnswer, knAnswer } from "./kyc-side.ts";
import { Answer, KN, Target } from "./real-kn.ts";

/** What the real kn answered; `bun test/kn/run.ts --record` makes it anew. The first line says which kn that was. */
const Version = Type.Object({ kn: Type.String() });
const Recorded = Type.Object({
  of: Type.Object({
    service: Type.String(),
    spec: Type.Array(Target),
    status: Type.Array(Target),
    revisions: Type.Array(Type.String()),
    latest: Type.Optional(Type.String()),
    args: Type.Array(Type.String()),
  }),
  answer: Answer,
});

const [version = "", ...lines] = (await Bun.file(join(import.meta.dir, "fixtures/answers.jsonl")).text())
  .trimEnd()
  .split("\n");

test("a split is changed or refused as the real kn does, to the letter", () => {
  let taken = 0;
  for (const line of lines) {
    const { of, answer } = Parse(Recorded, JSON.parse(line));
    expect({ of, answer: kycAnswer(of) }).toEqual({ of, answer: knAnswer(answer) });
    if (answer.traffic !== undefined && answer.webhook === undefined) taken++;
  }
  expect(taken).toBeGreaterThan(40);
  expect(lines.length - taken).toBeGreaterThan(100);
});

test("the answers are of the kn that a new recording would ask", () => {
  expect(Parse(Version, JSON.parse(version)).kn).toBe(KN);
});
