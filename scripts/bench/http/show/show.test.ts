import { describe, expect, test } from "bun:test";
import { noBrowser, pageFaults } from "../../../../test/browser.ts";
import { figure, type Report } from "../report.ts";
import type { Sample, SideResult } from "../rounds.ts";
import { drawPage } from "./page.ts";
import { drawSoak } from "../soak.ts";
import { drawTable } from "./table.ts";

const side = (name: string, rps: number): SideResult => {
  const median: Sample = { requests: rps, rps, p50: 1.25, p99: 12.5, failed: 0, perCpuSecond: rps * 2 };
  return { name, median, rounds: [{ ...median, rps: rps * 0.9 }, median, { ...median, rps: rps * 1.1 }] };
};

const REPORT: Report = {
  at: "2026-01-02T03:04:05.000Z",
  busy: 0.1,
  machine: { processor: "A <fast> one", cores: 2, bun: "1.4.5" },
  generator: "wrk 4.1.0",
  rounds: 3,
  seconds: 2,
  comparisons: [{ title: "Credit check", sides: [side("raw Bun.serve", 20_000), side("ours", 17_000)] }],
  figures: [
    figure("credit check, requests/s", 0.85, "×", { atLeast: 0.8 }, "of raw Bun.serve"),
    figure("start of a service", 130.4, "ms", { atMost: 120 }, "median of 3"),
  ],
  skipped: ["the mesh against Envoy: neither is installed"],
};

describe("the result of a run", () => {
  test("is drawn as a table", () => {
    expect(drawTable(REPORT)).toBe(
      `met  figure                    value   target
yes  credit check, requests/s  0.85×   ≥ 0.80×   of raw Bun.serve
NO   start of a service        130 ms  ≤ 120 ms  median of 3

Credit check
side           requests/s  median   99th     a processor second  failed
raw Bun.serve  20 000      1.25 ms  12.5 ms  40 000              0
ours           17 000      1.25 ms  12.5 ms  34 000              0

skipped: the mesh against Envoy: neither is installed
2026-01-02T03:04:05.000Z, A <fast> one, 2 processors, Bun 1.4.5; medians of 3 rounds of 2 s by wrk 4.1.0.`,
    );
    expect(drawTable({ ...REPORT, busy: 3.14 })).toContain("The machine was busy before it began (load 3.1)");
  });

  test("is a page that loads nothing, uses more than colour, and escapes text", () => {
    const page = drawPage(REPORT);
    expect(page).not.toMatch(/(?:src|href)=|url\(|@import|<script/);
    expect(page).toContain("A &lt;fast&gt; one");
    expect(page).toContain("1 of 2 figures are as they should be");
    expect(page.match(/✓ met|✗ missed/g)).toEqual(["✓ met", "✗ missed"]);
    expect(page).toContain(
      'aria-label="Credit check, requests per second: raw Bun.serve 20 000, ours 17 000"',
    );
    // The length of a bar is its value relative to the largest single measurement, and there is a tick for each.
    expect(page.match(/<rect [^>]*width="([0-9.]+)"/g)).toHaveLength(2);
    expect(page.match(/<line /g)).toHaveLength(6);
    expect(page).toContain('width="310"');
  });

  test("labels the bars with their unit", () => {
    expect(drawPage(REPORT)).toContain(
      "Requests per second: a bar is the median of 3 rounds, a tick one round.",
    );
  });

  test.skipIf(noBrowser() !== undefined)("is a page without faults in a browser", async () => {
    expect(await pageFaults(drawPage(REPORT))).toEqual([]);
  });

  test("never rounds a ratio up to its target", () => {
    const just = [
      figure("a", 0.7999, "×", { atLeast: 0.8 }, ""),
      figure("b", 0.8, "×", { atLeast: 0.8 }, ""),
    ];
    const lines = drawTable({ ...REPORT, figures: just }).split("\n");
    expect(lines.slice(1, 3).map((line) => line.split(/ +/).slice(0, 3))).toEqual([
      ["NO", "a", "0.79×"],
      ["yes", "b", "0.80×"],
    ]);
  });

  test("of a soak shows failures and growth", () => {
    const memory = [{ process: "the mesh", before: 80, after: 78, growth: -0.025 }];
    const report = {
      mostRps: 1000,
      rps: 800,
      seconds: 300,
      requests: 240_000,
      failed: 0,
      reasons: [],
      memory,
    };
    expect(drawSoak({ ...report, passed: true })).toBe(
      `passed: 240 000 requests in 300 s at 800/s (80 % of 1 000/s), 0 failed
memory, once warm and at the end
  the mesh  80 → 78 MiB  −2.5 %`,
    );
    expect(drawSoak({ ...report, mostRps: null, passed: true })).toContain(
      "passed: 240 000 requests in 300 s at 800/s, 0 failed",
    );
    expect(drawSoak({ ...report, failed: 1, reasons: ["status 503"], passed: false })).toContain(
      "FAILED: 240 000 requests in 300 s at 800/s (80 % of 1 000/s), 1 failed\n  status 503\n",
    );
  });
});
