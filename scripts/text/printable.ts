/**
 * Characters that a terminal interprets, or that change the display order of text (CWE-150): C0 and C1 controls except tab
 * and line ends, delete, line and paragraph separators, and bidirectional controls. Also lone surrogates, which no encoding
 * can represent.
 */
const UNPRINTABLE =
  /\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/** A style of `styleText`: bold, dim, a colour of the palette, or the end of one. */
const STYLE = /\u001b\[(?:1|2|22|31|32|33|36|39)m/gu;

/** Escapes external text for a terminal: each control character is shown as `\u001b`, so JSON keeps its meaning. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/**
 * The same for text that this program has styled: styles are preserved. External text in it can at most imitate them; it
 * cannot move the cursor, or hide, overwrite or send anything.
 */
export function printableStyled(text: string): string {
  let out = "";
  let start = 0;
  for (const { index, 0: style } of text.matchAll(STYLE)) {
    out += printable(text.slice(start, index)) + style;
    start = index + style.length;
  }
  return out + printable(text.slice(start));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
