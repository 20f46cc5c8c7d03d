import { CsvError, parse } from "csv-parse/sync";
import { BrokenList } from "./listed-person.ts";
import { Turns } from "./turns.ts";

/** A record of a CSV file and the line on which it ends. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

// The library reads a piece of this length within two milliseconds.
const PIECE_LENGTH = 16_384;

/**
 * Reads comma-separated values (RFC 4180) in slices between other work. Ignores the control-Z at the end of OFAC's files.
 * @throws {BrokenList} if a quote is not closed, or a record has a different number of fields than the first
 */
export async function readCsv(file: string, text: string, turns = new Turns()): Promise<CsvRecord[]> {
  const records: CsvRecord[] = [];
  for (const piece of piecesOf(text.replace(/\x1a\s*$/, ""))) {
    readPiece(file, piece, records);
    await turns.take();
  }
  return records;
}

interface Piece {
  text: string;
  /** The number of lines before it. */
  lines: number;
}

/** Cuts a text after ends of lines that are outside of quotes. */
function* piecesOf(text: string): Generator<Piece> {
  let [from, lines, linesOfPiece] = [0, 0, 0];
  let isQuoted = false;
  for (const { 0: sign, index } of text.matchAll(/["\n]/g)) {
    if (sign === '"') isQuoted = !isQuoted;
    else linesOfPiece++;
    if (isQuoted || sign === '"' || index - from < PIECE_LENGTH) continue;
    yield { text: text.slice(from, index + 1), lines };
    [from, lines, linesOfPiece] = [index + 1, lines + linesOfPiece, 0];
  }
  yield { text: text.slice(from), lines };
}

function readPiece(file: string, { text, lines: before }: Piece, into: CsvRecord[]): void {
  const expected = into[0]?.fields.length;
  try {
    parse(text, {
      bom: true,
      skip_empty_lines: true,
      on_record: (record: string[], { lines }) => {
        if (record.length !== (expected ?? record.length))
          throw new BrokenList(file, before + lines, REASONS["CSV_RECORD_INCONSISTENT_FIELDS_LENGTH"] ?? "");
        into.push({ line: before + lines, fields: record.map((field) => field.trim()) });
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new BrokenList(
      file,
      before + (typeof error["lines"] === "number" ? error["lines"] : 1),
      REASONS[error.code] ?? "is not CSV",
    );
  }
}

// The library's own messages quote the file.
const REASONS: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: "this record has another number of fields than the first one",
  CSV_QUOTE_NOT_CLOSED: "a quote is not closed",
  CSV_INVALID_CLOSING_QUOTE: "text follows a closing quote",
  INVALID_OPENING_QUOTE: "a quote opens in the middle of a field",
};
