import { bytesIn, quoted } from "./quote.ts";

/** The items of a list, or why the text is not a list. */
export type List = { items: string[] } | { refusal: string };

/** Both count from 0. */
interface Place {
  line: number;
  column: number;
}

type Field = { value: string; end: Place } | { what: string; at: Place };

const BARE = 'bare " in non-quoted-field';
const UNCLOSED = 'extraneous or missing " in quoted-field';

/**
 * Parses one value of kn's `--traffic`, `--tag` or `--untag` as a list: the first non-empty line of comma-separated
 * values, in which a field in double quotes may contain commas, line breaks and doubled quotes. Other text is refused
 * with kn's message, without its end, which names kn's command. (pflag, string_slice.go, and Go, encoding/csv)
 */
export function readList(flag: "--traffic" | "--tag" | "--untag", text: string): List {
  if (text === "") return { items: [] };
  const result = readRecord(text);
  return typeof result === "string"
    ? { refusal: `invalid argument ${quoted(text)} for "${flag}" flag: ${result}` }
    : { items: result };
}

/** Returns the fields of the first record, or an error. */
function readRecord(text: string): string[] | string {
  const lines = linesOf(text);
  const first = lines.findIndex((line) => line !== "\n");
  if (first < 0) return "EOF";
  let place: Place = { line: first, column: 0 };
  const wrong = ({ line, column }: Place, what: string): string => {
    const start = line > first ? `record on line ${first + 1}; ` : "";
    const before = bytesIn((lines[line] ?? "").slice(0, column));
    return `${start}parse error on line ${line + 1}, column ${before + 1}: ${what}`;
  };
  const fields: string[] = [];
  for (;;) {
    const field = isQuote(lines, place) ? quotedField(lines, place) : plainField(lines, place);
    if ("what" in field) return wrong(field.at, field.what);
    fields.push(field.value);
    const { line, column } = field.end;
    if (lines[line]?.[column] !== ",") return fields;
    place = { line, column: column + 1 };
  }
}

function plainField(lines: readonly string[], { line, column }: Place): Field {
  const rest = (lines[line] ?? "").slice(column);
  const value = /^[^,\n]*/.exec(rest)?.[0] ?? "";
  const quote = value.indexOf('"');
  if (quote >= 0) return { what: BARE, at: { line, column: column + quote } };
  return { value, end: { line, column: column + value.length } };
}

/** Reads a quoted field, which continues on the next line if its line ends within the quotes. */
function quotedField(lines: readonly string[], start: Place): Field {
  let value = "";
  let from = start.column + 1;
  for (let line = start.line; ;) {
    const text = lines[line] ?? "";
    const quote = text.indexOf('"', from);
    if (quote < 0) {
      value += text.slice(from);
      if (line + 1 >= lines.length) return { what: UNCLOSED, at: { line, column: text.length } };
      line++;
      from = 0;
      continue;
    }
    value += text.slice(from, quote);
    from = quote + 1;
    if (text[from] === '"') {
      value += '"';
      from++;
    } else if (/^(,|\n?$)/.test(text.slice(from))) return { value, end: { line, column: from } };
    else return { what: UNCLOSED, at: { line, column: quote } };
  }
}

function isQuote(lines: readonly string[], { line, column }: Place): boolean {
  return lines[line]?.[column] === '"';
}

/** Returns the lines with their line breaks, each of them one character. */
function linesOf(text: string): string[] {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return lines.map((line) => line.replace(/\r(\n?)$/, "$1")).filter((line) => line !== "");
}
