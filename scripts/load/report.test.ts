import { describe, expect, test } from "bun:test";
import { LoadReport } from "./report.ts";
import type { LoadResult } from "./steady.ts";

function result(more: Partial<LoadResult> = {}): LoadResult {
  return { sentAt: 0, ms: 10, status: 200, error: undefined, revision: "basic", ...more };
}

function report(...results: LoadResult[]): LoadReport {
  const added = new LoadReport(1000);
  for (const one of results) added.add(one);
  return added;
}

describe("a load's report", () => {
  test("has nothing to tell before the first result", () => {
    expect(report().summary(1000)).toEqual({
      requests: 0,
      failed: 0,
      seconds: 0,
      rate: 0,
      latencyMs: undefined,
      statuses: {},
      reasons: [],
      revisions: [],
    });
  });

  test("counts requests by status and by second", () => {
    const { requests, failed, seconds, rate, statuses } = report(
      result(),
      result({ status: 302 }),
      result({ status: 404 }),
      result({ status: 503 }),
    ).summary(3000);
    expect({ requests, failed, seconds, rate }).toEqual({ requests: 4, failed: 2, seconds: 2, rate: 2 });
    expect(statuses).toEqual({ 200: 1, 302: 1, 404: 1, 503: 1 });
  });

  test("tells whether each response had the same status", () => {
    expect(report(result({ status: 404 }), result({ status: 404 })).hasOnly(404)).toBe(true);
    expect(report(result({ status: 404 }), result()).hasOnly(404)).toBe(false);
    expect(report().hasOnly(404)).toBe(false);
  });

  test("reports reasons without an answer, the most frequent first, and measures no time for them", () => {
    const none = (error: string): LoadResult => result({ status: 0, error, revision: undefined });
    const { failed, reasons, latencyMs } = report(none("reset"), none("refused"), none("refused")).summary(
      2000,
    );
    expect(failed).toBe(3);
    expect(reasons).toEqual([
      { reason: "refused", count: 2 },
      { reason: "reset", count: 1 },
    ]);
    expect(latencyMs).toBeUndefined();
  });

  test("keeps a bounded number of reasons, however many there are", () => {
    const added = report();
    for (let i = 0; i < 100; i++) added.add(result({ status: 0, error: `reason ${i}` }));
    const { reasons } = added.summary(2000);
    expect(reasons.length).toBe(21);
    expect(reasons[0]).toEqual({ reason: "other reasons", count: 80 });
  });

  test("reports the quantiles of the times, and the slowest", () => {
    const added = report();
    for (let ms = 1; ms <= 1000; ms++) added.add(result({ ms }));
    const { p50 = 0, p90 = 0, p99 = 0, max = 0 } = added.summary(2000).latencyMs ?? {};
    for (const [seen, expected] of [
      [p50, 500],
      [p90, 900],
      [p99, 990],
      [max, 1000],
    ] as const) {
      expect(Math.abs(seen - expected)).toBeLessThanOrEqual(expected * 0.002);
    }
  });

  test("reports the shares of revisions among the answers that name one", () => {
    const results = [...Array<string>(30).fill("basic"), ...Array<string>(10).fill("advanced")];
    const added = report(...results.map((revision) => result({ revision })), result({ revision: undefined }));
    const { revisions } = added.summary(2000);
    expect(revisions.map(({ revision, count, share }) => [revision, count, share])).toEqual([
      ["advanced", 10, 0.25],
      ["basic", 30, 0.75],
    ]);
    for (const { share, low, high } of revisions) expect(low < share && share < high).toBe(true);
  });
});
