import { expect, test } from "bun:test";
import { noBrowser, pageFaults } from "../../../test/browser.ts";
import { PLAIN } from "../../terminal/style.ts";
import { figuresOf } from "./bench.ts";
import { drawScale, scalePage } from "./draw.ts";
import type { Curve, ScaleReport } from "./report.ts";

const rates = (most: number): Curve => ({
  name: "requests through the local mesh",
  of: "VirtualServices",
  unit: "requests/s",
  points: [
    { size: 1, value: 10_000 },
    { size: 1000, value: most },
  ],
});
const start = (ms: number): Curve => ({
  name: "./kyc dev until it answers",
  of: "revisions at zero",
  unit: "ms",
  points: [{ size: 1000, value: ms }],
});

test.skipIf(noBrowser() !== undefined)("the page has no faults in a browser", async () => {
  const report = { rounds: 3, load: 0.25, curves: [rates(9500)], figures: figuresOf([rates(8000)]) };
  expect(await pageFaults(scalePage(report))).toEqual([]);
});

test("a rate is held against the one of the smallest size, and a time against its limit", () => {
  expect(figuresOf([rates(9000), start(3000)]).map(({ ok }) => ok)).toEqual([true, true]);
  expect(figuresOf([rates(8999), start(3001)])).toMatchObject([
    { ok: false, reached: "0.90 ×", wanted: "at least 0.9 × those with 1" },
    { ok: false, reached: "3 001 ms", wanted: "at most 3 000 ms" },
  ]);
});

test("the report says each value with its size, and how busy the machine was", () => {
  const report: ScaleReport = {
    rounds: 3,
    load: 0.25,
    curves: [rates(9500)],
    figures: figuresOf([rates(9500)]),
  };
  const text = drawScale(report, PLAIN).join("\n");
  for (const part of ["1 000 VirtualServices  9 500 requests/s", "reached", "medians of 3 rounds", "0.3"])
    expect(text).toContain(part);
  const page = scalePage(report);
  expect(page).toContain("<svg");
  expect(page).not.toMatch(/(?:src|href)=/);
});
