import { htmlPage } from "../../../text/html-page.ts";
import { type Comparison, type Report, written, writtenTarget } from "../report.ts";
import { barChart } from "../../../chart/bar-chart.ts";
import { count, counted } from "../../../format.ts";
import { escapeHtml, toHtml } from "../../../text/html.ts";
import { foot } from "./table.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #8888; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; background: Canvas; color: CanvasText; }
figure { margin: 0; }
h1 { font-size: 1.35rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .75rem; margin: 0; }
dl > div { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; }
dl > .missed { border: 3px double currentColor; }
dt { font-weight: 600; } dd { margin: .25rem 0 0; } .value { font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.note, footer { font-size: .875rem; }
svg { width: 100%; height: auto; max-width: 30rem; display: block; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
`;

/** A run as one self-contained HTML file: figures with their targets, then a chart and a table for each comparison. */
export function drawPage(report: Report): string {
  const met = report.figures.filter((of) => of.met).length;
  return htmlPage({
    title: "KYC: figures",
    style: STYLE,
    body: `<main>
<h1>${met} of ${report.figures.length} figures are as they should be</h1>
<dl>
${report.figures.map(drawFigure).join("\n")}
</dl>
${report.comparisons.map(drawComparison).join("\n")}
</main>
<footer>
${report.skipped.map((text) => `<p>Skipped: ${escapeHtml(text)}</p>`).join("\n")}
<p>${escapeHtml(foot(report))}</p>
</footer>`,
  });
}

function drawFigure(of: Report["figures"][number]): string {
  const verdict = of.met ? "✓ met" : "✗ missed";
  return `<div${of.met ? "" : ' class="missed"'}><dt>${escapeHtml(of.name)}</dt>
<dd class="value">${escapeHtml(written(of.value, of.unit))}</dd>
<dd>${verdict}: ${escapeHtml(writtenTarget(of))}</dd><dd class="note">${escapeHtml(of.note)}</dd></div>`;
}

function drawComparison({ title, sides }: Comparison): string {
  const bars = sides.map(({ name, median: { rps }, rounds }) => ({
    name,
    value: rps,
    each: rounds.map((round) => round.rps),
    own: name.includes("our") || name.includes("mesh"),
  }));
  const rounds = sides[0]?.rounds.length ?? 0;
  const rows = sides.map(({ name, median: { rps, p50, p99, failed } }) => {
    const cells = [count(rps), written(p50, "ms"), written(p99, "ms"), count(failed)];
    return `<tr><th scope="row">${escapeHtml(name)}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const head = ["side", "requests/s", "median", "99th", "failed"].map((of) => `<th scope="col">${of}</th>`);
  return `<section>
<h2>${escapeHtml(title)}</h2>
<figure>
<figcaption class="note">Requests per second: a bar is the median of ${counted(rounds, "round")}, a tick one round. Filled: this project; outlined: what it is compared with.</figcaption>
${toHtml(barChart(`${title}, requests per second`, bars))}
</figure>
<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title)}, as a table"><table><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>
</section>`;
}
