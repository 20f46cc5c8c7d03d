import { CsvError, parse } from "csv-parse/sync";
import { BrokenList } from "./listed-person.ts";

/** A record of a CSV file and the line on which it ends. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Reads comma-separated values (RFC 4180). OFAC ends its files by a control-Z, which is no record.
 * @throws {BrokenList} where quotes are left open, or a record has another number of fields than the first
 */
export function readCsv(file: string, text: string): CsvRecord[] {
  try {
    const records: CsvRecord[] = [];
    parse(text.replace(/\x1a\s*$/, ""), {
      bom: true,
      skip_empty_lines: true,
      on_record: (record: string[], { lines }) => {
        records.push({ line: lines, fields: record.map((field) => field.trim()) });
        return null;
      },
    });
    return records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new BrokenList(
      file,
      typeof error["lines"] === "number" ? error["lines"] : 1,
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
