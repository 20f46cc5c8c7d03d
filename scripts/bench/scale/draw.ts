import { htmlPage } from "../../text/html-page.ts";
import { lineChart } from "../../chart/line-chart.ts";
import { roundTicks } from "../../chart/scale.ts";
import { count } from "../../format.ts";
import { h, type Spec, toHtml } from "../../text/html.ts";
import { drawFigures, figureList, type Marks } from "../figure.ts";
import { STYLE } from "../page-style.ts";
import type { Curve, ScaleReport } from "./report.ts";

/** Draws each curve as a row of values, and the figures with their targets. */
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

/** The same as one self-contained page, with a chart for each curve. */
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

const [BEGIN, END] = ["<!-- figures of ./kyc bench scale -->", "<!-- end of the figures -->"];

/** The parts of a Markdown document around its figures, including the comments that mark them; undefined without them. */
export function aroundFigures(document: string): [before: string, after: string] | undefined {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) return undefined;
  return [document.slice(0, begin + BEGIN.length), document.slice(end)];
}

/** The figures in Markdown: the machine and the time, a table for each curve, and the targets. */
export function figuresInMarkdown({ at, machine, rounds, load, curves, figures }: ScaleReport): string {
  const tables = curves.map(({ name, of, unit, points }) =>
    table([
      [`${name}, by ${of}`, ...points.map(({ size }) => count(size))],
      [unit, ...points.map(({ value }) => count(Math.round(value)))],
    ]),
  );
  const targets = table([
    ["figure", "wanted", "reached"],
    ...figures.map(({ name, wanted, reached, ok }) => [name, wanted, ok ? reached : `**${reached}**`]),
  ]);
  const about = `${at.slice(0, 10)}, ${machine}; medians of ${rounds} rounds; the load average was ${load.toFixed(1)} when the run began.`;
  return [about, ...tables, "What is asked for; a figure in bold misses it:", targets].join("\n\n");
}

/** A table whose columns are aligned as Prettier does it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(3, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (cells[i] ?? "").padEnd(width)).join(" | ")} |`;
  const [head, ...others] = rows.map(line);
  return [head, line(widths.map((width) => "-".repeat(width))), ...others].join("\n");
}

/** The width and height of a chart in the picture, its title's line included, and the charts in a row. */
const [WIDTH, HEIGHT, IN_A_ROW] = [420, 236, 2];

/** The charts as one picture for a document, which follows the reader's colour scheme. */
export function scaleSvg({ curves }: ScaleReport): string {
  const charts = curves.map((curve, i) => {
    const [column, row] = [i % IN_A_ROW, Math.floor(i / IN_A_ROW)];
    return h(
      "g",
      { transform: `translate(${column * WIDTH} ${row * HEIGHT})` },
      chartOf(curve, [WIDTH, HEIGHT]),
    );
  });
  const [width, height] = [IN_A_ROW * WIDTH, Math.ceil(curves.length / IN_A_ROW) * HEIGHT];
  const ground = h("rect", { class: "ground", width, height });
  const style = h("style", {}, PICTURE_STYLE);
  const attributes = { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, role: "img" };
  return `${toHtml(h("svg", { ...attributes, "aria-label": "How costs grow with the work" }, style, ground, charts))}\n`;
}

const PICTURE_STYLE = `
text { fill: #5b6675; font: 11px system-ui, sans-serif; }
.ground { fill: #fff; } .grid { stroke: #d7dce3; fill: none; } .ink1 { stroke: #0b5fd0; fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) { text { fill: #a0abba; } .ground { fill: #12161c; } .grid { stroke: #39424f; } .ink1 { stroke: #6fa8ff; } }
`;

/** The axis of sizes, which is logarithmic. */
function chartOf({ name, of, unit, points }: Curve, size?: readonly [number, number]): Spec {
  const most = Math.max(...points.map(({ value }) => value));
  const about = points.map(({ size, value }) => `${count(size)} ${of}: ${written(value, unit)}`).join("; ");
  const chart = lineChart({
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
    xTicks: points.map(({ size }) => ({ at: Math.log10(size), label: count(size) })),
    xAxis: of,
    yTicks: roundTicks(most).map(({ at, label }) => ({
      at,
      label: most < 100_000 ? label : `${at / 1e6} M`,
    })),
  });
  if (size === undefined) return chart;
  // A picture within another one has no width of its own.
  const [width, height] = size;
  return h(chart.tag, { ...chart.attributes, width, height }, chart.children);
}

function written(value: number, unit: Curve["unit"]): string {
  return `${count(Math.round(value))} ${unit}`;
}
