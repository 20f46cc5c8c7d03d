import { htmlPage } from "../../text/html-page.ts";
import { count, counted, ms, passed, percent } from "../../format.ts";
import { nameOf, type Target } from "../plan/targets.ts";
import { escapeHtml, toHtml } from "../../text/html.ts";
import { lineChart } from "../../chart/line-chart.ts";
import { chartsOf } from "./charts.ts";
import type { ReportData, ReportSide } from "./data.ts";
import { STYLE } from "./style.ts";

const OUTCOMES: Readonly<Record<string, string>> = {
  promoted: "Promoted",
  "rolled back": "Rolled back",
  held: "Held",
};

/** The report of a rollout as a self-contained page, without network access or scripts. */
export function reportPage(data: ReportData): string {
  const { service, candidate, baseline, reason } = data;
  const outcome = OUTCOMES[data.phase] ?? "Under way";
  const title = `${outcome}: ${service}, ${baseline.revision} → ${candidate.revision}`;
  const charts = chartsOf(data).map(
    (chart) =>
      `<figure><figcaption><strong>${escapeHtml(chart.title)}</strong> ${escapeHtml(chart.about)}</figcaption>${toHtml(lineChart(chart))}</figure>`,
  );
  return htmlPage({
    title: title,
    style: STYLE,
    body: `<header>
<p class="outcome ${data.phase.replace(" ", "-")}">${escapeHtml(outcome)}</p>
<h1>${escapeHtml(service)}</h1>
<p class="versions">${escapeHtml(baseline.revision)} → ${escapeHtml(candidate.revision)}</p>
<p>${escapeHtml(sentence(reason))}</p>
<p>${escapeHtml(inWords(data))}</p>
</header>
<main>
<section><h2>Who and when</h2>${facts(data)}</section>
<section><h2>Both revisions</h2>${sides(data)}${notes(data)}</section>
<section><h2>What failed</h2>${failuresTable(data)}</section>
${checks(data)}<section><h2>Timeline</h2><div class="charts">${charts.join("")}</div></section>
<section><h2>Decisions</h2>${decisions(data)}</section>
<section><h2>Split before and after</h2>${diff(data.original, data.final)}</section>
</main>
<footer>Rollout ${escapeHtml(data.id)}. Written ${time(data.writtenMs)}. The data is in the JSON file of the same name.</footer>`,
  });
}

const ENDS: Readonly<Record<string, string>> = {
  promoted: "The candidate has all traffic.",
  "rolled back": "The split is as it was before the rollout.",
  held: "The split does not change until someone decides.",
};

/** Describes the result and the observations. */
function inWords({ phase, candidate, baseline }: ReportData): string {
  const seen = ({ revision, requests, errors, median }: ReportSide): string =>
    requests === 0
      ? `${revision} had no request`
      : `of ${counted(requests, "request")} of ${revision} ${count(errors)} failed (${percent(errors / requests)}), with a median of ${ms(median)}`;
  const both = sentence(`${seen(candidate)}; ${seen(baseline)}`);
  return `${ENDS[phase] ?? "The rollout is not over."} ${both}`;
}

/** Lists the failed requests by kind, with the first ids of each. */
function failuresTable({ failures, candidate, baseline }: ReportData): string {
  if (failures.length === 0) {
    return candidate.errors + baseline.errors === 0
      ? `<p class="note">No request failed.</p>`
      : `<p class="note">The source of this rollout does not report routes, kinds or ids of failures.</p>`;
  }
  const rows = failures
    .toSorted((a, b) => b.count - a.count)
    .map((failure) => {
      const revision = (failure.side === "candidate" ? candidate : baseline).revision;
      const cells: [string, string][] = [
        ["route", failure.route || "not known"],
        ["how", failure.what || "not known"],
        ["requests", count(failure.count)],
      ];
      const ids = failure.requestIds.map((id) => `<span class="id">${escapeHtml(id)}</span>`);
      const drawn = [
        ...cells.map(([name, value]) => `<td data-name="${name}">${escapeHtml(value)}</td>`),
        `<td data-name="request ids">${ids.join("") || "not known"}</td>`,
      ];
      return `<tr><th scope="row">${escapeHtml(revision)}<small>${failure.side}</small></th>${drawn.join("")}</tr>`;
    });
  return `<table class="cards"><thead><tr>${columns("revision", "route", "how", "requests", "first request ids")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

/** Lists the checks of the plan; empty if it has none. */
function checks({ checks: all, settings }: ReportData): string {
  if (all.length === 0) return "";
  const rows = all.map(({ name, value, threshold, says }) => {
    const query = settings.checks?.find((check) => check.name === name)?.query ?? "";
    const cells: [string, string][] = [
      ["compares", query],
      ["found", says],
      ["evidence", `${value.toFixed(1)} of ${threshold.toFixed(1)}`],
    ];
    const drawn = cells.map(([column, text]) => `<td data-name="${column}">${escapeHtml(text)}</td>`);
    return `<tr><th scope="row">${escapeHtml(name)}</th>${drawn.join("")}</tr>`;
  });
  return `<section><h2>Checks</h2><table class="cards"><thead><tr>${columns("check", "compares", "what it found", "evidence that it differs")}</tr></thead><tbody>${rows.join("")}</tbody></table></section>
`;
}

function columns(...names: string[]): string {
  return names.map((name) => `<th scope="col">${name}</th>`).join("");
}

function facts({ by, beganMs, endedMs, engine, place, steps, settings }: ReportData): string {
  const { alpha, beta, tolerateErrors, tolerateErrorRate, tolerateLatency } = settings;
  const tolerated = [
    tolerateErrors > 0 ? `${percent(tolerateErrors)} more errors` : "",
    tolerateErrorRate > 0 ? `${percent(tolerateErrorRate)} of errors` : "",
    tolerateLatency > 0 ? `${percent(tolerateLatency)} more latency` : "",
  ].filter((text) => text !== "");
  const rows: [string, string][] = [
    ["begun by", escapeHtml(by)],
    ["from", time(beganMs)],
    ["to", `${time(endedMs)} (${passed(endedMs - beganMs)})`],
    ["engine", `${escapeHtml(engine)}, ${escapeHtml(place)}`],
    ["steps", `${steps.join(", ")} %`],
    ["risk", `${percent(alpha)} of a false rollback, ${percent(beta)} of a harmful step called healthy`],
    ["tolerated", tolerated.length === 0 ? "nothing" : tolerated.join(", ")],
  ];
  return `<dl>${rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>`;
}

function sides({ candidate, baseline }: ReportData): string {
  const row = (role: string, side: ReportSide): string => {
    const errors =
      side.requests === 0 ? percent(null) : `${count(side.errors)} (${percent(side.errors / side.requests)})`;
    const cells: [string, string][] = [
      ["requests", count(side.requests)],
      ["errors", errors],
      ["median", ms(side.median)],
      ["p90", ms(side.p90)],
      ["p99", ms(side.p99)],
    ];
    return `<tr><th scope="row">${escapeHtml(side.revision)}<small>${role}</small></th>${cells
      .map(([name, value]) => `<td data-name="${name}">${value}</td>`)
      .join("")}</tr>`;
  };
  return `<table class="cards"><thead><tr>${columns("revision", "requests", "errors", "median", "p90", "p99")}</tr></thead><tbody>${row("candidate", candidate)}${row("baseline", baseline)}</tbody></table>`;
}

function notes({ gateway, others, excluded }: ReportData): string {
  const parts = [
    ...(gateway > 0 ? [`${gateway} failures were the gateway's own answers`] : []),
    ...(others > 0 ? [`${others} requests went to other revisions`] : []),
    ...Object.entries(excluded).map(([why, count]) => `${count} are not evidence: ${why}`),
  ];
  return parts.length === 0 ? "" : `<p class="note">${escapeHtml(parts.join("; "))}.</p>`;
}

function decisions(data: ReportData): string {
  const rows = data.decisions.map(({ atMs, doing, by, because }, i) => {
    const at = new Date(atMs);
    // One reason may lead through several phases.
    const isSame = because !== "" && because === data.decisions[i - 1]?.because;
    const why = because === "" ? "–" : isSame ? "as before" : because;
    return `<tr><td data-name="at" class="time"><time datetime="${at.toISOString()}">${at.toISOString().slice(11, 19)}</time></td><td data-name="what">${escapeHtml(doing)}</td><td data-name="by">${escapeHtml(by)}</td><td data-name="because">${escapeHtml(why)}</td></tr>`;
  });
  return `<table class="cards"><thead><tr>${columns("UTC", "what", "by", "because")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

/** Shows the difference of the splits line by line, with signs in front. */
function diff(before: readonly Target[], after: readonly Target[]): string {
  const lines: string[] = [];
  const add = (sign: string, text: string): void => {
    const kind = sign === "-" ? "out" : sign === "+" ? "in" : "same";
    lines.push(`<span class="${kind}">${sign} ${escapeHtml(text)}</span>`);
  };
  const rest = [...after];
  for (const target of before) {
    const i = rest.findIndex(({ revision, tag }) => revision === target.revision && tag === target.tag);
    const [found] = i < 0 ? [] : rest.splice(i, 1);
    add(
      found === undefined ? "-" : " ",
      `${target.revision}${target.tag === null ? "" : ` (tag ${nameOf(target)})`}`,
    );
    if (found?.percent === target.percent) add(" ", `  ${target.percent} %`);
    else {
      add("-", `  ${target.percent} %`);
      if (found !== undefined) add("+", `  ${found.percent} %`);
    }
  }
  for (const target of rest) {
    add("+", `${target.revision}${target.tag === null ? "" : ` (tag ${nameOf(target)})`}`);
    add("+", `  ${target.percent} %`);
  }
  const isSame = !lines.some((line) => line.includes('class="out"') || line.includes('class="in"'));
  return `<pre>${lines.join("\n")}</pre>${isSame ? '<p class="note">Nothing is changed.</p>' : ""}`;
}

function sentence(text: string): string {
  return text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function time(atMs: number): string {
  const iso = new Date(atMs).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}
