import { htmlPage } from "../../text/html-page.ts";
import { count, counted, digits, percent } from "../../format.ts";
import { escapeHtml } from "../../text/html.ts";
import type { AssessedCriterion, NamedSegment } from "../assess.ts";
import type { FieldCounts } from "../counts.ts";
import { criterionText } from "../criteria.ts";
import { foundLines, intervalText, noteLines } from "../notes.ts";
import type { ShadowReport } from "./report.ts";

const STYLE = `
:root{color-scheme:light dark;--text:#1c2024;--soft:#5b6470;--line:#d9dee4;--page:#fff;--bad:#b3261e;--good:#1a6b3c}
@media (prefers-color-scheme:dark){:root{--text:#e6e9ed;--soft:#a3adb8;--line:#3a424b;--page:#14171a;--bad:#ff8a80;--good:#7fd19b}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1000px;padding:24px 20px 48px;font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--page);overflow-wrap:anywhere}
h1{font-size:1.8rem;line-height:1.2;margin:.2em 0 0}
h2{font-size:1.15rem;margin:2.2em 0 .6em;border-bottom:1px solid var(--line);padding-bottom:.25em}
.verdict{display:inline-block;margin:0;padding:.15em .7em;border:2px solid currentColor;border-radius:4px;font-weight:700}
.accepted{color:var(--good)}.rejected{color:var(--bad)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;vertical-align:top;padding:.4em .8em .4em 0;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left;font-weight:400}thead th{color:var(--soft);font-weight:500}
.note,footer{color:var(--soft)}footer{margin-top:3em;font-size:.9rem}
.sign{display:grid;grid-template-columns:1fr 1fr 1fr;gap:2em;margin-top:3em}.sign span{border-top:1px solid var(--text);padding-top:.3em}
@media print{:root{--text:#000;--soft:#333;--line:#999;--page:#fff;--bad:#000;--good:#000}body{max-width:none;padding:0;font-size:11pt}tr{break-inside:avoid}}
`;

const VERDICTS = { accepted: "Accepted", rejected: "Rejected", undecided: "Undecided" } as const;

/** The report of a comparison to be signed off: one page without scripts or network access. */
export function reportPage(report: ShadowReport): string {
  const { service, control, candidate, verdict, because, counts } = report;
  const title = `${VERDICTS[verdict]}: ${service}, ${control.revision} → ${candidate.revision}`;
  return htmlPage({
    title: title,
    style: STYLE,
    body: `<header>
<p class="verdict ${verdict}">${VERDICTS[verdict]}</p>
<h1>${escapeHtml(service)}: ${escapeHtml(control.revision)} → ${escapeHtml(candidate.revision)}</h1>
<p>${escapeHtml(because)}.</p>
</header>
<main>
<section><h2>What was compared</h2>
<p>${escapeHtml(
      `${counted(counts.pairs, "request")} between ${time(report.beganMs)} and ${time(report.endedMs)}, ${digits(report.percent)} % of those to ${service}, begun by ${report.by}. Each went to both versions as a copy; no caller got an answer of this comparison.`,
    )}</p>
<p class="note">${noteLines(counts).map(escapeHtml).join("<br>")}</p></section>
<section><h2>Limits</h2>${criteriaTable(report.criteria)}
<p class="note">A mismatch is the candidate's where the control, asked again, stays with its first answer. “Control alone” is where the control's second answer is the candidate's: by so much the control differs from itself. The rate is the difference of the two. The intervals hold at all times at once.</p></section>
<section><h2>Segments beyond a limit</h2>${segments(report.named)}</section>
<section><h2>Fields</h2>${fieldsTable(counts.fields)}${foundLines(counts)
      .map((line) => `<p>${escapeHtml(line)}.</p>`)
      .join("")}</section>
<section><h2>Last mismatches</h2>${mismatches(report)}</section>
<div class="sign"><span>Name</span><span>Date</span><span>Signature</span></div>
</main>
<footer>Comparison ${escapeHtml(report.id)}. The data is in the JSON file of the same name. Neither holds anything of an applicant but keyed hashes.</footer>`,
  });
}

function criteriaTable(criteria: readonly AssessedCriterion[]): string {
  return table(
    ["limit", "pairs", "candidate alone", "control alone", "rate", "99 % interval", "verdict"],
    criteria.map((each) => [
      criterionText(each),
      count(each.tally.pairs),
      count(each.tally.candidate),
      count(each.tally.control),
      percent(each.rate.value),
      intervalText(each.rate),
      each.verdict,
    ]),
    "Nothing was compared.",
  );
}

function segments(named: readonly NamedSegment[]): string {
  return table(
    ["segment", "change", "pairs", "candidate alone", "rate", "99 % interval", "limit"],
    named.map(({ segment, field, change, tally, rate, limit }) => [
      `${segment.field} ${segment.value}`,
      `${field}.${change}`,
      count(tally.pairs),
      count(tally.candidate),
      percent(rate.value),
      intervalText(rate),
      percent(limit),
    ]),
    "None; of those named here 5 % are expected to be wrong at most.",
  );
}

function fieldsTable(fields: Readonly<Record<string, FieldCounts>>): string {
  const rows = Object.entries(fields)
    .filter(([, { pairs }]) => pairs > 0)
    .map(([name, { pairs, table: of, changes, repeated }]) => {
      const noise = repeated.fail + repeated.pass + repeated.mismatch;
      const own = repeated.pairs === 0 ? "–" : `${count(noise)} of ${count(repeated.pairs)}`;
      const isDirected = of.passPass + of.passFail + of.failPass + of.failFail > 0;
      const cells = isDirected
        ? [of.passPass, of.passFail, of.failPass, of.failFail].map(count)
        : ["–", "–", "–", "–"];
      return [name, count(pairs), ...cells, count(changes.mismatch), own];
    });
  return table(
    ["field", "pairs", "pass, pass", "pass, fail", "fail, pass", "fail, fail", "other", "the control twice"],
    rows,
    "None.",
  );
}

function mismatches({ counts }: ShadowReport): string {
  return table(
    ["keyed hash", "at", "changes"],
    counts.mismatches.map(({ hash, atMs, changes }) => [hash, time(atMs), changes.join(", ")]),
    "None.",
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return `<p>${escapeHtml(none)}</p>`;
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<div class="wide"><table><thead>${cells("th", head)}</thead><tbody>${rows.map((row) => cells("td", row)).join("")}</tbody></table></div>`;
}

function time(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
