import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Answer, fieldsOf } from "./answer.ts";
import { type ComparedField, compare, differs, type Rules } from "./compare.ts";

const rules: Rules = {
  passWhenTrue: new Set(["checkPass"]),
  ignored: new Map([["type", "names the version"]]),
};
const failed: Answer = { fields: undefined };
const answer = (body: Readonly<Record<string, unknown>>): Answer => ({ fields: fieldsOf(body) });

function fieldOf(name: string, control: Answer, candidate: Answer, again?: Answer): ComparedField {
  const found = compare({ control, candidate, again }, rules).find((field) => field.name === name);
  if (found === undefined) throw new Error(`no field ${name}`);
  return found;
}

describe("a field of two answers", () => {
  test.each([
    [{ checkPass: true }, { checkPass: false }, "fail"],
    [{ checkPass: false }, { checkPass: true }, "pass"],
    [{ checkPass: true }, { checkPass: true }, undefined],
  ] as const)("%p and %p that passes when true changes by %p", (control, candidate, change) => {
    expect(fieldOf("checkPass", answer(control), answer(candidate)).change).toBe(change);
  });

  test("fails when a finding is raised, and passes when it is cleared", () => {
    const [clear, raised] = [answer({ listed: false }), answer({ listed: true })];
    expect(fieldOf("listed", clear, raised)).toMatchObject({
      control: true,
      candidate: false,
      change: "fail",
    });
    expect(fieldOf("listed", raised, clear).change).toBe("pass");
  });

  test("that is not a boolean on both sides mismatches on any difference", () => {
    expect(fieldOf("score", answer({ score: 1 }), answer({ score: 2 })).change).toBe("mismatch");
    expect(fieldOf("score", answer({ score: 1 }), answer({ score: true })).change).toBe("mismatch");
    expect(fieldOf("list", answer({ list: [1, 2] }), answer({ list: [1, 2] })).change).toBeUndefined();
    expect(fieldOf("at.depth", answer({ at: { depth: null } }), answer({ at: { depth: 0 } })).change).toBe(
      "mismatch",
    );
  });

  test("that only one version has is not a mismatch", () => {
    const field = fieldOf("listed", answer({}), answer({ listed: true }));
    expect(field).toMatchObject({ on: "candidate", candidate: false, change: undefined });
    expect(fieldOf("listed", answer({ listed: false }), answer({})).on).toBe("control");
    expect(differs(answer({}), answer({ listed: true }), rules)).toBe(false);
  });

  test("that is ignored is not compared", () => {
    const names = compare({ control: answer({ type: "a" }), candidate: answer({ type: "b" }) }, rules);
    expect(names.map(({ name }) => name)).toEqual(["answered"]);
  });

  test("is compared only if both versions have answered; whether they have is a field", () => {
    const fields = compare({ control: answer({ checkPass: true }), candidate: failed }, rules);
    expect(fields.map(({ name, change }) => [name, change])).toEqual([["answered", "fail"]]);
    expect(differs(failed, failed, rules)).toBe(false);
  });
});

describe("the control's second answer", () => {
  const [yes, no] = [answer({ checkPass: true }), answer({ checkPass: false })];

  test("attributes the change to the candidate if it equals the first, and to the control if it equals the candidate's", () => {
    expect(fieldOf("checkPass", yes, no, yes)).toMatchObject({
      candidateAlone: "fail",
      controlAlone: undefined,
      repeated: "same",
    });
    // Only the control passes, which is its noise in the other direction.
    expect(fieldOf("checkPass", yes, no, no)).toMatchObject({
      candidateAlone: undefined,
      controlAlone: "pass",
      repeated: "fail",
    });
    expect(fieldOf("checkPass", no, yes, yes)).toMatchObject({ controlAlone: "fail" });
  });

  test("confirms nothing if it failed", () => {
    expect(fieldOf("checkPass", yes, no, failed)).toMatchObject({
      candidateAlone: "fail",
      repeated: undefined,
    });
  });

  test("that makes three different values counts for neither", () => {
    const [a, b, c] = [1, 2, 3].map((score) => answer({ score }));
    expect(fieldOf("score", a as Answer, b as Answer, c as Answer)).toMatchObject({
      change: "mismatch",
      candidateAlone: undefined,
      controlAlone: undefined,
    });
  });

  test("makes three answers of one version exchangeable: each is the odd one out equally often", () => {
    fc.assert(
      fc.property(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), (values) => {
        const answers = values.map((checkPass) => answer({ checkPass }));
        const alone = { candidate: 0, control: 0 };
        for (const [i, j, k] of [
          [0, 1, 2],
          [0, 2, 1],
          [1, 0, 2],
          [1, 2, 0],
          [2, 0, 1],
          [2, 1, 0],
        ] as const) {
          const field = fieldOf("checkPass", answers[i] as Answer, answers[j] as Answer, answers[k]);
          if (field.candidateAlone === "fail") alone.candidate++;
          if (field.controlAlone === "fail") alone.control++;
        }
        expect(alone.candidate).toBe(alone.control);
      }),
    );
  });
});

test("fields have identifiers as names, and their number is bounded", () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, i]));
  expect(fieldsOf(many)?.size).toBe(60);
  expect([...(fieldsOf({ "Jane Doe": true, ok: true, 'x"}': 1 })?.keys() ?? [])]).toEqual(["ok"]);
  expect(fieldsOf([1])).toBeUndefined();
  expect(fieldsOf("text")).toBeUndefined();
});
