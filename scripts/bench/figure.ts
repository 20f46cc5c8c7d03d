import { escapeHtml } from "../text/html.ts";

/** A target and the measured figure. */
export interface Figure {
  name: string;
  wanted: string;
  reached: string;
  ok: boolean;
  /** The cases in which the target is missed, and why. */
  notes?: readonly string[];
}

/** Marks up text for a terminal, or leaves it unchanged. */
export interface Marks {
  good(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

/** Draws figures as lines, below their heading. */
export function drawFigures(figures: readonly Figure[], marks: Marks): string[] {
  return [
    marks.bold("Figures"),
    ...figures.flatMap(({ name, wanted, reached, ok, notes = [] }) => [
      `  ${ok ? marks.good("reached") : marks.bad("MISSED ")}  ${name}: ${reached} (${wanted})`,
      ...notes.map((note) => marks.dim(`           ${note}`)),
    ]),
  ];
}

/** The same as a list in HTML. */
export function figureList(figures: readonly Figure[]): string {
  const items = figures.map(({ name, wanted, reached, ok, notes = [] }) => {
    const mark = ok ? "✓ reached" : `<span class="missed">✗ missed</span>`;
    const more =
      notes.length === 0
        ? ""
        : `<details><summary>where</summary>${notes.map((note) => `<div>${escapeHtml(note)}</div>`).join("")}</details>`;
    return `<li>${mark} – ${escapeHtml(name)}: <b>${escapeHtml(reached)}</b> <span class="soft">(${escapeHtml(wanted)})</span>${more}</li>`;
  });
  return `<ul class="figures">${items.join("")}</ul>`;
}
