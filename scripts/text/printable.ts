/**
 * Characters that a terminal acts on, or that change the order in which text is read (CWE-150): C0 and C1 controls
 * except tab and line ends, delete, line and paragraph separators, and bidirectional controls. Lone surrogates are
 * there too, since no encoding has them.
 */
const UNPRINTABLE =
  /\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/** A style of `styleText`: bold, dim, a colour of the palette, or the end of one. */
const STYLE = /\u001b\[(?:1|2|22|31|32|33|36|39)m/gu;

/** Foreign text, made fit for a terminal: each control character is shown as `\u001b`, so JSON stays the same JSON. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/**
 * The same for text that this program has styled: the styles stay. Foreign text in it can at most imitate them; it can
 * neither move the cursor nor hide, overwrite or send anything.
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
