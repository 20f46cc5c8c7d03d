import { describe, expect, test } from "bun:test";
import { noBrowser, pageFaults } from "../../../test/browser.ts";
import { CONTESTANTS } from "./contestant.ts";
import { drawBench } from "./draw.ts";
import { comparable, figuresOf, refuted } from "./figures.ts";
import { benchPage } from "./page/page.ts";
import type { BenchResult } from "./bench.ts";
import { runBench } from "./run-bench.ts";
import type { Cell, Result } from "./summary.ts";

const SPEED = { eventsPerSecond: 4_000_000, stateBytesAfter: { thousand: 3000, million: 5000 } };
const PLAIN = { good: same, bad: same, dim: same, bold: same };

describe("the result of the benchmark", () => {
  test("is a table for a terminal", () => {
    expect(drawBench(resultOf([equal(0), found()]), PLAIN).join("\n")).toMatchInlineSnapshot(`
      "Good candidates: rolled back within 2 h (within 10 min)
      scenario     load  runs  kyc  kyc by steps      Flagger  Argo Rollouts  Kayenta
      equal 0.1 %   5/s   100  0 %           0 %  80 % (40 %)            0 %      0 %

      Bad candidates: found within 2 h, median time, requests harmed
      scenario    load  runs           kyc   kyc by steps        Flagger    Argo Rollouts          Kayenta
      0.1 to 5 %   5/s   100  100 % 20 s 2  99 % 160 s 16  98 % 540 s 54  97 % 1280 s 128  96 % 2500 s 250

      Figures
        reached  false rollbacks within 2 h, kyc: 0 of 100 (0 %); most in equal 0.1 % at 5/s: 0 of 100 (at most 1 % in each cell)
        reached  false rollbacks within 2 h, kyc by steps: 0 of 100 (0 %); most in equal 0.1 % at 5/s: 0 of 100 (at most 1 % in each cell)
        reached  median time to a rollback, 0.1 to 5 % at 5/s: 20 s (at most 110 s)
        reached  bad candidates found within 2 h: fewer 0 times in 2 comparisons with peers that do not roll back good candidates (no fewer than any such peer)
        reached  requests harmed: more 0 times in 2 comparisons with peers that do not roll back good candidates (no more than by any such peer)
        reached  requests harmed in all bad scenarios: 2 against 54 (Flagger): 3.7 % (at most a third of the best peer)
        reached  requests judged in a second, on one core: 4 000 000 (at least 1 000 000)"
    `);
  });

  test("is a self-contained page with a chart of each bad scenario", () => {
    const page = benchPage(resultOf([equal(0), found()]));
    expect(page).not.toMatch(/(src|href)=|@import|url\(|<script/);
    expect(page.match(/<svg viewBox="0 0 340/g)).toHaveLength(1);
    expect(page).toContain('name="viewport"');
    expect(page).toContain("prefers-color-scheme: dark");
    for (const name of CONTESTANTS) expect(page).toContain(`<title>${name}, 5/s: `);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  test.skipIf(noBrowser() !== undefined)("is a page without faults in a browser", async () => {
    expect(await pageFaults(benchPage(resultOf([equal(0), found()])))).toEqual([]);
  });

  test("escapes names on the page", () => {
    const cell = { ...found(), scenario: '<b>"&' };
    expect(benchPage(resultOf([cell]))).toContain("&lt;b&gt;&quot;&amp;");
  });

  test("misses a figure if good candidates are rolled back more often than chance explains", () => {
    const [figure] = figuresOf([equal(12)], SPEED);
    expect(figure).toMatchObject({
      ok: false,
      notes: ["equal 0.1 % at 5/s: 12 of 100, more than chance explains"],
    });
    expect(figuresOf([equal(2)], SPEED)[0]).toMatchObject({ ok: true });
  });

  test("needs enough cases to prove more than one in a hundred", () => {
    expect(refuted(2, 100)).toBe(false);
    expect(refuted(12, 100)).toBe(true);
    expect(refuted(0, 100)).toBe(false);
  });

  test("compares bad candidates only with peers that promote good ones", () => {
    const cells = [equal(0), found()];
    expect(comparable(cells, found())).toEqual(["Argo Rollouts", "Kayenta"]);
    expect(comparable([found()], found())).toEqual([]);
  });

  test("gives the same figures for the same seed", async () => {
    const run = (): Promise<Cell[]> =>
      runBench({
        reps: 2,
        seed: 1,
        only: ["all errors"],
        workers: 2,
        signal: new AbortController().signal,
        progress: () => {},
      });
    const [one, other] = [await run(), await run()];
    expect(one).toEqual(other);
    expect(one.map(({ load, runs }) => [load, runs])).toEqual(
      [0.02, 0.1, 1, 5, 20, 100].map((load) => [load, load === 5 ? 8 : 2]),
    );
  });

  test("ends when it is interrupted", async () => {
    const signal = AbortSignal.abort(new Error("stop"));
    const run = runBench({ reps: 1, seed: 1, only: ["silent"], workers: 1, signal, progress: () => {} });
    await expect(run).rejects.toThrow("stop");
  });
});

/** A good scenario; Flagger rolls back most candidates, and this project's judge the given number. */
function equal(ours: number): Cell {
  const results = Object.fromEntries(
    CONTESTANTS.map((name) => [name, result(name === "kyc" ? ours : name === "Flagger" ? 80 : 0, null)]),
  ) as Cell["results"];
  return { scenario: "equal 0.1 %", kind: "good", baseline: 0.001, load: 5, runs: 100, results };
}

function found(): Cell {
  const results = Object.fromEntries(
    CONTESTANTS.map((name, i) => [name, result(100 - i, 20 * (i + 1) ** 3)]),
  ) as Cell["results"];
  return { scenario: "0.1 to 5 %", kind: "bad", baseline: 0.001, load: 5, runs: 100, results };
}

function result(rolledBack: number, p50: number | null): Result {
  const rollbackAt = { p10: p50 === null ? null : p50 / 2, p50, p90: null };
  return {
    rolledBackShort: Math.floor(rolledBack / 2),
    rolledBack,
    rollbackAt,
    healthy: 0,
    healthyAt: null,
    harmed: p50 === null ? 0 : p50 / 10,
  };
}

function resultOf(cells: Cell[]): BenchResult {
  return { seed: 1, reps: 100, cells, figures: figuresOf(cells, SPEED), speed: SPEED };
}

function same(text: string): string {
  return text;
}
