import { describe, expect, test } from "bun:test";
import { BadLine, readLine } from "./line.ts";

const FINE = { t: 1.5, revision: "candidate", ok: true, ms: 12, share: 0.1 };

describe("a line of a trace", () => {
  test("is an observation", () => {
    expect(readLine(JSON.stringify(FINE), 1)).toEqual({ ...FINE, revision: "candidate" });
  });

  test("may represent several requests, and state why they are not judged", () => {
    const line = { ...FINE, count: 3, excluded: "cold start" };
    expect(readLine(JSON.stringify(line), 1)).toMatchObject({ count: 3, excluded: "cold start" });
  });

  test("may have other fields, which are ignored", () => {
    expect(readLine(JSON.stringify({ ...FINE, path: "/credit-check/report" }), 1)).toMatchObject(
      FINE as object,
    );
  });

  test.each([
    ["no JSON", "{nonsense", "line 7: no JSON ("],
    ["a broken-off line", '{"t":1,"revi', "line 7: no JSON ("],
    ["no object", "[1]", "line 7: an object is expected, such as {"],
    ["null", "null", "line 7: an object is expected, such as {"],
    ["a missing field", omit("ms"), "line 7: ms is missing: a number of milliseconds from 0 is expected"],
    [
      "a mistyped field",
      JSON.stringify({ t: 1, revison: "candidate", ok: true, ms: 1, share: 0.1 }),
      "line 7: unknown field revison: did you mean revision?",
    ],
    [
      "a mistyped optional field",
      changed({ exclude: "probe" }),
      "line 7: unknown field exclude: did you mean excluded?",
    ],
    ["a time as text", changed({ t: "1" }), 'line 7: t is "1": a number of seconds is expected'],
    [
      "an unknown revision",
      changed({ revision: "canidate" }),
      'line 7: revision is "canidate": one of "baseline", "candidate", "gateway" is expected; did you mean candidate?',
    ],
    [
      "an outcome that is not a boolean",
      changed({ ok: 200 }),
      "line 7: ok is 200: true or false is expected",
    ],
    [
      "a negative latency",
      changed({ ms: -1 }),
      "line 7: ms is -1: a number of milliseconds from 0 is expected",
    ],
    ["a share in percent", changed({ share: 10 }), "line 7: share is 10: a number from 0 to 1"],
    [
      "a part of a request",
      changed({ count: 1.5 }),
      "line 7: count is 1.5: a whole number from 1 to 1,000,000,000 is expected",
    ],
    [
      "a kind that contradicts the outcome",
      changed({ kind: "abandoned" }),
      'line 7: ok is true: false is expected where kind is "abandoned"',
    ],
    ["an unknown kind", changed({ kind: "reject" }), "did you mean rejected?"],
    ["an unknown reason", changed({ excluded: "coldstart" }), "did you mean cold start?"],
  ])("that is ill-formed is reported by its number: %s", (_, text, message) => {
    expect(() => readLine(text, 7)).toThrow(message);
    expect(() => readLine(text, 7)).toThrow(BadLine);
  });

  test("that is long is abbreviated in the report", () => {
    expect(() => readLine(JSON.stringify("x".repeat(500)), 1)).toThrow(/^.{1,200}$/);
  });
});

function omit(field: keyof typeof FINE): string {
  return JSON.stringify({ ...FINE, [field]: undefined });
}

function changed(fields: Record<string, unknown>): string {
  return JSON.stringify({ ...FINE, ...fields });
}
