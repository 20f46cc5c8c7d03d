import { describe, expect, test } from "bun:test";
import { formatProblem, InvalidManifests, type Problem } from "./problem.ts";

const SUM: Problem = {
  code: "percents-sum",
  severity: "error",
  at: { file: "knative/credit-check/2-advanced.yaml", line: 49, column: 3 },
  field: "spec.traffic",
  message: "the percents sum to 140, and 100 are needed",
  fix: "remove 40",
};

describe("a problem on one line", () => {
  test("begins with its position, as editors link it, and ends with the fix", () => {
    expect(formatProblem(SUM)).toBe(
      "knative/credit-check/2-advanced.yaml:49:3: error: spec.traffic: the percents sum to 140, and 100 are needed; remove 40",
    );
  });

  test.each([
    ["no advice", { fix: undefined }, "f.yaml:1:2: error: spec: it is wrong"],
    ["no field", { field: "", fix: "mend it" }, "f.yaml:1:2: error: it is wrong; mend it"],
    ["a lesser severity", { severity: "warning" as const }, "f.yaml:1:2: warning: spec: it is wrong"],
  ])("may have %s", (_, part, expected) => {
    const at = { file: "f.yaml", line: 1, column: 2 };
    expect(
      formatProblem({
        code: "wrong-value",
        severity: "error",
        at,
        field: "spec",
        message: "it is wrong",
        ...part,
      }),
    ).toBe(expected);
  });
});

test("the message of invalid manifests is a line for each problem", () => {
  const error = new InvalidManifests([SUM, { ...SUM, field: "", message: "two", fix: undefined }]);
  expect(error.message.split("\n")).toEqual([
    formatProblem(SUM),
    "knative/credit-check/2-advanced.yaml:49:3: error: two",
  ]);
  expect(error.problems).toHaveLength(2);
});
