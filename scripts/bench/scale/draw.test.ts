import { expect, test } from "bun:test";
import { noBrowser, pageFaults } from "../../../test/browser.ts";
import { PLAIN } from "../../terminal/style.ts";
import { figuresOf } from "./bench.ts";
import { aroundFigures, drawScale, figuresInMarkdown, scalePage, scaleSvg } from "./draw.ts";
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

const RUN = {
  at: "2026-01-02T03:04:05.678Z",
  machine: "a processor, 2 processors, Bun 1",
  rounds: 3,
  load: 0.25,
};

test.skipIf(noBrowser() !== undefined)("the page has no faults in a browser", async () => {
  const report = { ...RUN, curves: [rates(9500)], figures: figuresOf([rates(8000)]) };
  expect(await pageFaults(scalePage(report))).toEqual([]);
});

test("a rate is compared with that of the smallest size, and a time with its limit", () => {
  expect(figuresOf([rates(9000), start(3000)]).map(({ ok }) => ok)).toEqual([true, true]);
  expect(figuresOf([rates(8999), start(3001)])).toMatchObject([
    { ok: false, reached: "0.90 ×", wanted: "at least 0.9 × those with 1" },
    { ok: false, reached: "3 001 ms", wanted: "at most 3 000 ms" },
  ]);
});

test("the report shows each value with its size, and the load of the machine", () => {
  const report: ScaleReport = { ...RUN, curves: [rates(9500)], figures: figuresOf([rates(9500)]) };
  const text = drawScale(report, PLAIN).join("\n");
  for (const part of ["1 000 VirtualServices  9 500 requests/s", "reached", "medians of 3 rounds", "0.3"])
    expect(text).toContain(part);
  const page = scalePage(report);
  expect(page).toContain("<svg");
  expect(page).not.toMatch(/(?:src|href)=/);
});

test("the picture for a document contains each chart, and no external reference", () => {
  const report: ScaleReport = {
    ...RUN,
    curves: [rates(9500), start(900), start(90)],
    figures: [],
  };
  const picture = scaleSvg(report);
  expect(picture).toStartWith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 840 472"');
  expect(picture.match(/<g transform="translate\([0-9 ]+\)"/g)).toEqual([
    '<g transform="translate(0 0)"',
    '<g transform="translate(420 0)"',
    '<g transform="translate(0 236)"',
  ]);
  expect(picture).toContain("1 000 revisions at zero: 900 ms");
  expect(picture).not.toMatch(/(?:src|href)=|url\(/);
});

test("a document contains the figures between two comments", () => {
  const [begin, end] = ["<!-- figures of ./kyc bench scale -->", "<!-- end of the figures -->"];
  expect(aroundFigures(`# Scale\n\n${begin}\n\nold\n\n${end}\n\nmore\n`)).toEqual([
    `# Scale\n\n${begin}`,
    `${end}\n\nmore\n`,
  ]);
  expect(aroundFigures("# Scale\n")).toBeUndefined();
  expect(figuresInMarkdown({ ...RUN, curves: [start(3001)], figures: figuresOf([start(3001)]) })).toBe(
    `2026-01-02, a processor, 2 processors, Bun 1; medians of 3 rounds; the load average was 0.3 when the run began.

| ./kyc dev until it answers, by revisions at zero | 1 000 |
| ------------------------------------------------ | ----- |
| ms                                               | 3 001 |

What is asked for; a figure in bold misses it:

| figure                                              | wanted           | reached      |
| --------------------------------------------------- | ---------------- | ------------ |
| ./kyc dev until it answers, 1 000 revisions at zero | at most 3 000 ms | **3 001 ms** |`,
  );
});
