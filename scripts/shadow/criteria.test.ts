import { describe, expect, test } from "bun:test";
import { criteriaFor, criterionText, readCriterion } from "./criteria.ts";
import { directed } from "./testing/sample-counts.ts";

describe("a limit", () => {
  test.each([
    ["checkPass.fail<0.1%", { field: "checkPass", change: "fail", limit: 0.001 }],
    ["checkPass.fail < 0.001", { field: "checkPass", change: "fail", limit: 0.001 }],
    ["a.b.mismatch<1%", { field: "a.b", change: "mismatch", limit: 0.01 }],
    ["trained.found<.5%", { field: "trained", change: "found", limit: 0.005 }],
  ] as const)("%p is read", (text, criterion) => {
    expect(readCriterion(text)).toEqual(criterion);
  });

  test.each([
    "checkPass",
    "checkPass.fails<1%",
    "checkPass.fail<0%",
    "checkPass.fail<100%",
    "checkPass.fail>1%",
    ".fail<1%",
    "a.fail<1%%",
  ])("%p is none", (text) => expect(readCriterion(text)).toBeUndefined());

  test("is written as it is read", () => {
    const text = "checkPass.fail<0.05%";
    const found = readCriterion(text);
    expect(found && criterionText(found)).toBe(text);
  });
});

describe("the limits that decide", () => {
  const fields = {
    answered: directed(10),
    checkPass: directed(10),
    score: { ...directed(10), table: { passPass: 0, passFail: 0, failPass: 0, failFail: 0 } },
    onlyThere: directed(0),
  };
  const texts = (...given: string[]) =>
    criteriaFor(
      given.flatMap((text) => readCriterion(text) ?? []),
      { fields },
    ).map(criterionText);

  test("are the default ones of each field that both have, if none is given", () => {
    expect(texts()).toEqual([
      "answered.fail<0.1%",
      "answered.pass<1%",
      "checkPass.fail<0.1%",
      "checkPass.pass<1%",
      "score.mismatch<0.1%",
    ]);
  });

  test("are only the given ones, and that the candidate answers", () => {
    expect(texts("checkPass.fail<2%")).toEqual([
      "checkPass.fail<2%",
      "answered.fail<0.1%",
      "answered.pass<1%",
    ]);
    expect(texts("answered.fail<5%")).toEqual(["answered.fail<5%", "answered.pass<1%"]);
  });
});
