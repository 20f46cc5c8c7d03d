import { describe, expect, test } from "bun:test";
import type { Outcome } from "../source.ts";
import { Attribution, WAIT_MS } from "./attribution.ts";

const ANSWERED = { atMs: 0, ms: 800, excluded: undefined };
const gaveUp = (count: number): Outcome => ({
  ...ANSWERED,
  revision: undefined,
  ok: false,
  kind: "abandoned",
  failure: { what: "timeout", requestId: "" },
  count,
});
const failed = (revision: string, count: number, what?: string): Outcome => ({
  ...ANSWERED,
  revision,
  ok: false,
  count,
  ...(what === undefined ? {} : { failure: { what, requestId: "" } }),
});
const counts = (outcomes: readonly Outcome[]): Record<string, number> => {
  const byRevision = Map.groupBy(outcomes, ({ revision = "none" }) => revision);
  return Object.fromEntries(
    [...byRevision].map(([revision, of]) => [revision, of.reduce((sum, { count }) => sum + count, 0)]),
  );
};

describe("the revision of a request without an answer", () => {
  test("is the one whose pods count it as failed, before or after the caller does", () => {
    const attribution = new Attribution();
    attribution.pods([failed("b", 3)], 0);
    const [first] = attribution.callers([gaveUp(2)], 500);
    expect(first).toMatchObject({ revision: "b", kind: "abandoned", count: 2 });
    expect(attribution.callers([gaveUp(2)], 1_000)).toMatchObject([{ revision: "b", count: 1 }]);
    attribution.pods([failed("a", 1)], 1_500);
    expect(attribution.callers([], 2_000)).toMatchObject([{ revision: "a", count: 1 }]);
  });

  test("stays unknown if no pod counts it in time, and at once if no pod can be read", () => {
    const attribution = new Attribution();
    expect(counts(attribution.callers([gaveUp(1)], 0))).toEqual({ none: 1 });
    attribution.pods([], 1_000);
    expect(attribution.callers([gaveUp(1)], 1_500)).toEqual([]);
    attribution.pods([], 1_500 + WAIT_MS);
    expect(counts(attribution.callers([], 1_500 + WAIT_MS))).toEqual({ none: 1 });
    attribution.pods([failed("a", 1)], 20_000);
    expect(counts(attribution.callers([], 20_000))).toEqual({});
    // A failure that no caller of the namespace has seen is not kept for ever.
    attribution.pods([], 40_000);
    expect(attribution.callers([gaveUp(1)], 40_000)).toEqual([]);
  });

  test.each([
    ["pods", "callers"],
    ["callers", "pods"],
  ])("is not that of failures that callers attribute, reported first by %s", (first) => {
    const attribution = new Attribution();
    const answered = failed("a", 5, "server_error");
    if (first === "pods") attribution.pods([failed("a", 5)], 0);
    expect(attribution.callers([answered], 10)).toEqual([answered]);
    if (first === "callers") attribution.pods([failed("a", 5)], 20);
    attribution.pods([failed("b", 1)], 30);
    expect(counts(attribution.callers([gaveUp(1)], 40))).toEqual({ b: 1 });
  });

  test("does not follow from answers that only the caller considers failures", () => {
    const attribution = new Attribution();
    attribution.callers([failed("a", 5, "wrong_shape")], 0);
    attribution.pods([failed("a", 1)], 10);
    expect(counts(attribution.callers([gaveUp(1)], 20))).toEqual({ a: 1 });
  });

  test("is drawn from the counted ones if pods count more than callers", () => {
    const attribution = new Attribution();
    attribution.pods([failed("a", 600), failed("b", 200)], 0);
    const { a = 0, b = 0 } = counts(attribution.callers([gaveUp(400)], 10));
    expect(a + b).toBe(400);
    expect(a).toBeGreaterThan(270);
    expect(a).toBeLessThan(330);
  });
});
