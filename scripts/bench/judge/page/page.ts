import { htmlPage } from "../../../text/html-page.ts";
import type { BenchResult } from "../bench.ts";
import { CONTESTANTS, type ContestantName } from "../contestant.ts";
import { count } from "../../../format.ts";
import { detection, falseAlarms, harm } from "../draw.ts";
import type { Cell, Result } from "../summary.ts";
import { legend, timeChart } from "./time-chart.ts";
import { escapeHtml } from "../../../text/html.ts";
import { figureList } from "../../figure.ts";
import { STYLE } from "../../page-style.ts";

const ABOUT: Readonly<Record<ContestantName, string>> = {
  kyc: "the judge of kyc rollout with its defaults, on Flagger's ramp: a tenth more each minute up to a half, held to the end.",
  "kyc by steps":
    "the same judge with the rollout's own steps, 1, 5, 10, 25, 50 and 100 %, each of which waits for its verdict.",
  Flagger:
    "the tutorial for Istio: each minute at least 99 % success and p99 below 500 ms, five failed checks roll back.",
  "Argo Rollouts":
    "the documentation's example: 20, 40, 60, 80 % for ten minutes each, 95 % success at each of six measurements, four failures abort.",
  Kayenta:
    "the default judge over all minutes so far, once an hour, on the same ramp; metrics of errors, mean latency and p99.",
};

/** The benchmark as one self-contained page. */
export function benchPage(result: BenchResult): string {
  const { cells, figures, seed, reps } = result;
  const good = cells.filter(({ kind }) => kind === "good");
  const bad = cells.filter(({ kind }) => kind === "bad");
  const parts = [
    `<h1>Judges of rollouts, on the same requests</h1>`,
    `<p class="soft">${reps} rollouts of each scenario at each load (a third of them for good candidates at 100 requests per second), seed ${seed}. Each judge decides which requests go to the candidate; the outcome of a request with either revision is the same for all judges.</p>`,
    `<ul>${CONTESTANTS.map((name) => `<li><b>${escapeHtml(name)}</b>: ${escapeHtml(ABOUT[name])}</li>`).join("")}</ul>`,
    `<h2>Figures</h2>${figureList(figures)}`,
    bad.length === 0
      ? ""
      : `<h2>How soon a bad candidate is found</h2><p class="soft">The time from the first request to the rollback, on a logarithmic axis, by load. A mark is the median of the rollouts; its line goes from the first to the last tenth of them.</p>${legend()}${charts(bad)}`,
    bad.length === 0
      ? ""
      : `<h2>Found within two hours, median time, requests harmed</h2>${table("Bad candidates", bad, detection)}${harmTable(bad)}`,
    good.length === 0
      ? ""
      : `<h2>Good candidates rolled back within two hours (within ten minutes)</h2>${table("Good candidates", good, falseAlarms)}`,
    drawSpeed(result),
  ];
  return htmlPage({
    title: "kyc bench judge",
    style: STYLE,
    body: `<main>
${parts.filter((part) => part !== "").join("\n")}
</main>`,
  });
}

function charts(cells: readonly Cell[]): string {
  const figures = Map.groupBy(cells, ({ scenario }) => scenario);
  const drawn = [...figures].map(
    ([name, of]) => `<figure><h3>${escapeHtml(name)}</h3>${timeChart(of)}</figure>`,
  );
  return `<div class="charts">${drawn.join("")}</div>`;
}

function table(
  title: string,
  cells: readonly Cell[],
  tell: (result: Result, runs: number) => string,
): string {
  const rows = cells.map(({ scenario, load, runs, results }) => {
    const told = CONTESTANTS.map((name) => `<td>${escapeHtml(tell(results[name], runs))}</td>`);
    return `<tr><td>${escapeHtml(scenario)}</td><td>${load}/s</td><td>${runs}</td>${told.join("")}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title)}, as a table"><table><thead><tr><th>scenario</th><th>load</th><th>runs</th>${names()}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function harmTable(cells: readonly Cell[]): string {
  const sums = CONTESTANTS.map((name) => cells.reduce((sum, { results }) => sum + results[name].harmed, 0));
  return `<p>Requests harmed in one rollout of each cell: ${CONTESTANTS.map((name, i) => `${escapeHtml(name)} <b>${harm(sums[i] as number)}</b>`).join(", ")}.</p>`;
}

function drawSpeed({ speed }: BenchResult): string {
  const { eventsPerSecond, stateBytesAfter } = speed;
  return `<h2>What the judge costs</h2><p>${count(eventsPerSecond)} requests a second on one core. Its whole state is ${count(stateBytesAfter.thousand)} bytes of JSON after a thousand requests and ${count(stateBytesAfter.million)} after a million.</p>`;
}

function names(): string {
  return CONTESTANTS.map((name) => `<th>${escapeHtml(name)}</th>`).join("");
}
