import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessibilityViolations, noBrowser, sharedBrowser } from "../../../test/browser.ts";
import type { Failure } from "../outcomes/failures.ts";
import type { Saved } from "../journal/journal.ts";
import { finished } from "../testing/finished-rollout.ts";
import { chartsOf } from "./charts.ts";
import { reportData } from "./data.ts";
import { reportPage } from "./page.ts";
import { writeReport } from "./write.ts";

let good: Saved;
let bad: Saved;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-report-"));
  ({ saved: good } = await finished({}));
  ({ saved: bad } = await finished({ errors: 0.3 }));
});

afterAll(() => rm(folder, { recursive: true }));

describe("a report", () => {
  test("has the revision, the times and the steps of a promoted candidate", () => {
    const data = reportData(good, good.plan.atMs);
    expect(data.phase).toBe("promoted");
    expect(data.decisions[0]).toMatchObject({ by: "tester@host", to: "preparing" });
    expect(data.decisions.at(-1)).toMatchObject({ doing: "promoted", by: "the rollout" });
    expect(data.final.map(({ percent }) => percent)).toEqual([0, 100]);
    expect(data.course.length).toBeGreaterThan(20);
    expect(data.candidate.requests).toBeGreaterThan(100);
    expect(data.candidate.latency.reduce((sum, { part }) => sum + part, 0)).toBeCloseTo(1);
  });

  test("explains the rollback of a bad one with numbers", () => {
    const page = reportPage(reportData(bad, bad.plan.atMs));
    expect(page).toContain('<p class="outcome rolled-back">Rolled back</p>');
    expect(page).toMatch(/The candidate fails more often than the baseline: \d+ of \d+ requests/);
    expect(page).toContain("Nothing is changed.");
  });

  test("lists the failures: route, kind and ids of both, as text", () => {
    const data = reportData(bad, bad.plan.atMs);
    const failures: Failure[] = [
      { side: "candidate", route: "GET /report", what: "503", count: 1234, requestIds: ["<a>", "b"] },
      { side: "baseline", route: "", what: "", count: 1, requestIds: [] },
    ];
    const page = reportPage({ ...data, failures });
    expect(page).toContain('<td data-name="how">503</td>');
    expect(page).toContain("1 234</td>");
    expect(page).toContain('<span class="id">&lt;a&gt;</span><span class="id">b</span>');
    expect(page).toContain("not known");
    expect(reportPage({ ...data, failures: [] })).toContain("does not report routes, kinds or ids");
  });

  test("marks each step on the time axis, and is green while healthy", () => {
    const data = reportData(good, good.plan.atMs);
    const [shares, , fine] = chartsOf(data);
    expect(shares?.xAxis).toBe("time since the rollout began");
    const marks = shares?.marks?.map(({ label }) => label) ?? [];
    for (const { percent } of good.plan.steps) expect(marks).toContain(`${percent} %`);
    expect(fine?.threshold?.good).toBe(true);
    expect(reportPage(data)).toContain('class="threshold good"');
  });

  test("draws few requests as points, and shows their number", () => {
    const data = reportData(good, good.plan.atMs);
    const latency = [1, 4, 16].map((ms) => ({ ms, part: 1 / 3 }));
    const few = chartsOf({ ...data, candidate: { ...data.candidate, requests: 3, latency } }).at(-1);
    expect(few?.curves[0]).toMatchObject({ dotted: true, label: "credit-check-advanced, n = 3" });
    expect(few?.curves[0]?.points.length).toBe(3);
    expect(few?.curves[1]?.dotted).toBe(false);
    // An outline falls to zero at empty buckets.
    const many = chartsOf({ ...data, candidate: { ...data.candidate, requests: 300, latency } }).at(-1);
    expect(many?.curves[0]?.points.map(({ y }) => Math.round(y))).toEqual([0, 33, 0, 0, 33, 0, 0, 33, 0]);
  });

  test("is self-contained, has no scripts, and shows its input as text", () => {
    const data = reportData(good, good.plan.atMs);
    const page = reportPage({ ...data, reason: "<script>alert(1)</script> & more", service: '"><b>x' });
    expect(page).not.toMatch(/<script|<link|<img|url\(|https?:\/\//);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more");
    expect(page).toContain("&quot;&gt;&lt;b&gt;x");
  });

  test("distinguishes curves without colour: no two of a chart have the same dashes", () => {
    const page = reportPage(reportData(good, good.plan.atMs));
    for (const [svg] of page.matchAll(/<svg[\s\S]*?<\/svg>/g)) {
      const dashes = [...svg.matchAll(/<path [^>]*?\/>/g)].map(
        ([path]) => /stroke-dasharray="([^"]*)"/.exec(path)?.[1] ?? "",
      );
      expect(new Set(dashes).size).toBe(dashes.length);
    }
  });

  test("is valid for a rollout without requests", () => {
    const empty = { ...good, entries: good.entries.slice(0, 1), checkpoint: undefined };
    const page = reportPage(reportData(empty, good.plan.atMs));
    expect(page).toContain("Under way");
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe.skipIf(noBrowser() !== undefined)("the report's page in a browser", () => {
  test("opens from the disk and fits a phone, dark mode and paper", async () => {
    const files = await writeReport(folder, bad, bad.plan.atMs);
    expect(JSON.parse(await readFile(files.json, "utf8"))).toMatchObject({ id: "r1", phase: "rolled back" });
    const browser = await sharedBrowser();
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await browser.newPage({ viewport: { width: 360, height: 800 }, colorScheme });
      const wrong: string[] = [];
      page.on("console", (message) => wrong.push(message.text()));
      page.on("pageerror", (error) => wrong.push(String(error)));
      page.on("request", (request) => {
        if (!request.url().startsWith("file:")) wrong.push(request.url());
      });
      await page.goto(`file://${files.html}`);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
      expect(await page.evaluate("document.querySelectorAll('svg').length")).toBe(5);
      expect(await page.evaluate(CONTRAST)).toBeGreaterThan(4.5);
      expect(await accessibilityViolations(page)).toEqual([]);
      expect(wrong).toEqual([]);
      await page.emulateMedia({ media: "print" });
      expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(0, 0, 0)");
      await page.close();
    }
  });
});

/** The lowest contrast of text to the page, by WCAG 2.2. */
const CONTRAST = `(() => {
  const light = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map(Number).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const page = light(getComputedStyle(document.body).backgroundColor);
  const ratios = [...document.querySelectorAll("p, dt, dd, th, td, h1, h2, figcaption, footer, pre span")].map((each) => {
    const text = light(getComputedStyle(each).color);
    return (Math.max(text, page) + 0.05) / (Math.min(text, page) + 0.05);
  });
  return Math.min(...ratios);
})()`;
