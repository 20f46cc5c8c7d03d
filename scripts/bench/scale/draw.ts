import { htmlPage } from "../../text/html-page.ts";
import { lineChart } from "../../chart/line-chart.ts";
import { roundTicks } from "../../chart/scale.ts";
import { count } from "../../format.ts";
import { toHtml } from "../../text/html.ts";
import { drawFigures, figureList, type Marks } from "../figure.ts";
import { STYLE } from "../page-style.ts";
import type { Curve, ScaleReport } from "./report.ts";

/** Draws each curve as a row of values, and the figures that are asked for. */
export function drawScale({ curves, figures, rounds, load }: ScaleReport, marks: Marks): string[] {
  return [
    ...curves.flatMap((curve) => [
      marks.bold(`${curve.name}, ${curve.unit}`),
      ...curve.points.map(
        ({ size, value }) => `  ${count(size).padStart(7)} ${curve.of}  ${written(value, curve.unit)}`,
      ),
    ]),
    "",
    ...drawFigures(figures, marks),
    marks.dim(`medians of ${rounds} rounds; the load average was ${load.toFixed(1)} when the run began`),
  ];
}

/** The same as one page that needs nothing else, with a chart for each curve. */
export function scalePage(report: ScaleReport): string {
  const { curves, figures, rounds, load } = report;
  const charts = curves.map((curve) => `<figure>${toHtml(chartOf(curve))}</figure>`);
  return htmlPage({
    title: "kyc bench scale",
    style: STYLE,
    body: `<main>
<h1>How costs grow with the work</h1>
<p class="soft">Medians of ${rounds} rounds; the load average was ${load.toFixed(1)} when the run began.</p>
${figureList(figures)}
<div class="charts">${charts.join("\n")}</div>
</main>`,
  });
}

/** Sizes stand on a logarithmic axis, so that each power of ten has its place. */
function chartOf({ name, of, unit, points }: Curve): ReturnType<typeof lineChart> {
  const most = Math.max(...points.map(({ value }) => value));
  const about = points.map(({ size, value }) => `${count(size)} ${of}: ${written(value, unit)}`).join("; ");
  return lineChart({
    title: `${name}, ${unit}`,
    about,
    curves: [
      {
        label: `${name}, ${unit}`,
        ink: 1,
        dash: "",
        points: points.map(({ size, value }) => ({ x: Math.log10(size), y: value })),
      },
    ],
    xTicks: points.map(({ size }, i) => ({
      at: Math.log10(size),
      label: i === 0 ? `${count(size)} ${of}` : count(size),
    })),
    yTicks: roundTicks(most),
  });
}

function written(value: number, unit: Curve["unit"]): string {
  return `${count(Math.round(value))} ${unit}`;
}
