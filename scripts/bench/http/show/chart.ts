import { escapeHtml } from "../../../text/html.ts";

/** A bar: its length, and the single measurements that it is the median of. */
export interface Bar {
  name: string;
  value: number;
  each: readonly number[];
  /** Drawn full; the others are outlines, so that no colour is needed to tell which one it is about. */
  own: boolean;
}

const WIDTH = 343;
const ROW = 46;
const BAR = 18;

/** Horizontal bars with their values, and a tick for each measurement; as wide as a small phone, and scaled up from there. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.flatMap(({ value, each }) => [value, ...each]));
  const length = (value: number): number => Math.round((value / most) * (WIDTH - 2) * 10) / 10;
  const rows = bars.map(({ name, value, each, own }, i) => {
    const y = i * ROW;
    const ticks = each.map((one) => {
      const x = length(one) + 1;
      return `<line x1="${x}" x2="${x}" y1="${y + 20}" y2="${y + 20 + BAR + 4}" stroke-width="1"/>`;
    });
    return `<text x="1" y="${y + 15}"${own ? ' font-weight="700"' : ""}>${escapeHtml(name)}</text>
<text x="${WIDTH - 1}" y="${y + 15}" text-anchor="end"${own ? ' font-weight="700"' : ""}>${Math.round(value)}</text>
<rect x="1" y="${y + 22}" width="${length(value)}" height="${BAR}" fill="${own ? "currentColor" : "none"}" fill-opacity=".75"/>
${ticks.join("")}`;
  });
  const summary = bars.map(({ name, value }) => `${name} ${Math.round(value)}`).join(", ");
  return `<svg viewBox="0 0 ${WIDTH} ${bars.length * ROW}" role="img" aria-label="${escapeHtml(`${title}: ${summary}`)}" fill="currentColor" stroke="currentColor" stroke-width="1" font-size="13"><g stroke-opacity=".9">
<style>text { stroke: none; }</style>
${rows.join("\n")}
</g></svg>`;
}
