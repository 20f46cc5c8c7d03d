import { expect, test } from "bun:test";
import type { LoadSummary } from "../load/report.ts";
import { drawLoadLine, drawLoadSummary } from "./draw-load.ts";
import { PLAIN } from "./style.ts";

const SUMMARY: LoadSummary = {
  requests: 1200,
  failed: 12,
  seconds: 60.04,
  rate: 19.987,
  latencyMs: { p50: 2.345, p90: 8, p99: 123.4, max: 250 },
  statuses: { 0: 2, 200: 1188, 503: 10 },
  reasons: [{ reason: "refused", count: 2 }],
  revisions: [
    { revision: "credit-check-advanced", count: 590, share: 0.497, low: 0.45, high: 0.544 },
    { revision: "credit-check-basic", count: 598, share: 0.503, low: 0.456, high: 0.55 },
  ],
};

const QUIET: LoadSummary = {
  ...SUMMARY,
  requests: 0,
  failed: 0,
  seconds: 0,
  rate: 0,
  latencyMs: undefined,
  statuses: {},
  reasons: [],
  revisions: [],
};

test("a running load is one line", () => {
  expect(drawLoadLine(SUMMARY, PLAIN)).toBe(
    "60 s  1 200 requests  20.0/s  12 failed (1 %)  median 2.35 ms, 99 % 123 ms  " +
      "credit-check-advanced 49.7 %  credit-check-basic 50.3 %",
  );
  expect(drawLoadLine(QUIET, PLAIN)).toBe("0 s  0 requests  0.0/s  0 failed");
});

test("a finished load is reported with the reasons of failures and the revisions", () => {
  expect(drawLoadSummary("http://127.0.0.1:8080/", SUMMARY, PLAIN)).toEqual([
    "http://127.0.0.1:8080/",
    "  1 200 requests in 60.0 s, 20.0/s",
    "  12 failed (1 %); by status none: 2, 200: 1 188, 503: 10",
    "    2 × refused",
    "  latency: median 2.35 ms, 90 % 8 ms, 99 % 123 ms, slowest 250 ms",
    "  credit-check-advanced   49.7 %    590 requests  99.9 % interval 45 % to 54.4 %",
    "  credit-check-basic      50.3 %    598 requests  99.9 % interval 45.6 % to 55 %",
  ]);
  expect(drawLoadSummary("x", QUIET, PLAIN)[2]).toBe("  0 failed; by status none");
});
