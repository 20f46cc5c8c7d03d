const SHORT: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};
const TELLS_ITSELF = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Quotes a string as Go's %q does in the messages of kn and of the webhook. (Go, strconv.Quote) */
export function quoted(text: string): string {
  return `"${Array.from(text, escaped).join("")}"`;
}

/** Returns the length of a string in Go: its bytes in UTF-8. */
export function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length;
}

function escaped(char: string): string {
  const short = SHORT[char];
  if (short !== undefined) return short;
  if (TELLS_ITSELF.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x1_0000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
