/** The parsed value, or why the text is refused. */
export type ParsedJson = { readonly value: unknown } | { readonly refused: "not_json" | "wrong_shape" };

/** The maximum depth: more than any answer needs. */
const MAX_DEPTH = 32;

/**
 * Parses JSON, and refuses as `wrong_shape` three things that `JSON.parse` accepts: a duplicate key, because some parsers
 * keep the first and others the last (RFC 8259, section 4); values nested deeper than 32 levels; and numbers such as 1e999,
 * which become Infinity and would be passed on as null.
 */
export function parseStrictJson(text: string): ParsedJson {
  if (!isFlatAndUnambiguous(text)) return { refused: "wrong_shape" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { refused: "not_json" };
  }
  return PERHAPS_INFINITE.test(text) && hasInfinity(value) ? { refused: "wrong_shape" } : { value };
}

/** Matches every text with a number that overflows: it has an exponent, or 300 digits. */
const PERHAPS_INFINITE = /\d[eE]|\d{300}/;

function hasInfinity(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  return typeof value === "object" && value !== null && Object.values(value).some(hasInfinity);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** Checks only nesting and keys, in one pass; `JSON.parse` decides whether the text is JSON. */
function isFlatAndUnambiguous(text: string): boolean {
  // The keys so far of each open object; undefined for an array.
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === OPEN_OBJECT || unit === OPEN_ARRAY) {
      if (open.length === MAX_DEPTH) return false;
      open.push(unit === OPEN_OBJECT ? new Set() : undefined);
    } else if (unit === CLOSE_OBJECT || unit === CLOSE_ARRAY) {
      open.pop();
    } else if (unit === QUOTE) {
      const end = endOfString(text, at);
      if (isKey(text, end)) {
        const keys = open.at(-1);
        const key = decode(text.slice(at, end));
        if (keys?.has(key) === true) return false;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return true;
}

/** The position after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at++;
    else if (unit === QUOTE) return at + 1;
  }
  return text.length;
}

/** Whether a colon follows, which in JSON follows only keys. All white space of JSON has codes up to that of a space. */
function isKey(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) <= SPACE) at++;
  return text.charCodeAt(at) === COLON;
}

/** A key in its decoded form: `"\u0061"` equals `"a"`. */
function decode(quoted: string): string {
  if (!quoted.includes("\\")) return quoted;
  try {
    return JSON.stringify(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}
