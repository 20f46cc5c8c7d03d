import { type FileHandle, open } from "node:fs/promises";
import { UsageError, UserError } from "../../cluster/user-error.ts";
import { didYouMean } from "../../nearest.ts";
import type { Outcome } from "../source.ts";
import { messageOf } from "../../text/message-of.ts";

const CHUNK_BYTES = 65_536;
const LONGEST_LINE = 10_000;

interface Field {
  text: string;
  /** Its column in the line, from 1. */
  column: number;
}

const NEEDED = ["time", "revision", "ok", "ms"] as const;
const OPTIONAL = ["count", "kind", "excluded", "unit", "route", "failure", "request_id"] as const;
const COLUMNS = [...NEEDED, ...OPTIONAL];
type Column = (typeof COLUMNS)[number];

const EXPECTED: Readonly<Record<Column, string>> = {
  time: "a time such as 2026-01-31T12:00:00.5Z or 1769860800.5",
  revision: "the name of a revision, or nothing",
  ok: "true or false",
  ms: "a number of milliseconds from 0",
  count: "a whole number from 1, or nothing",
  kind: "rejected, abandoned or nothing",
  excluded: "cold start, probe or nothing",
  unit: "a text, the same one for each request of an applicant or session, or nothing",
  route: "a method and a path without ids, such as GET /report, or nothing",
  failure: "how it failed, such as 503, or nothing",
  request_id: "the request's id, or nothing",
};

/**
 * A file with comma-separated values (RFC 4180; no line breaks within quotes), read from its start and further as it
 * grows. The first line names the columns, in any order: `time` (of the answer, in RFC 3339 or in seconds since the
 * epoch), `revision` (empty if a proxy answered itself), `ok` (true or false), `ms` (the latency), and optionally
 * `count` (default 1), `kind` (rejected or abandoned, see `outcomeKind`), `excluded` (cold start, probe or empty),
 * `unit` and `route` as in `Outcome`, and for failures `failure` (the kind) and `request_id`. Errors name file, line
 * and column.
 */
export class CsvFile implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #bytes = new Uint8Array(CHUNK_BYTES);
  readonly #decoder = new TextDecoder();
  #columns: readonly Column[] | undefined;
  #position = 0;
  #line = 0;
  /** An incomplete last line. */
  #rest = "";

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** @throws UserError if it cannot be read */
  static async open(path: string): Promise<CsvFile> {
    const file = await open(path).catch((error: unknown) => {
      const why = messageOf(error);
      throw new UsageError(`--csv ${path} cannot be read: ${why}`);
    });
    return new CsvFile(path, file);
  }

  /** Whether there is a column for routes; false before the first line was read. */
  get tellsRoutes(): boolean {
    return this.#columns?.includes("route") ?? false;
  }

  /**
   * Returns the outcomes of the next lines, possibly none; undefined at the current end of the file.
   * @throws UserError
   */
  async read(): Promise<Outcome[] | undefined> {
    const { bytesRead } = await this.#file.read(this.#bytes, 0, CHUNK_BYTES, this.#position);
    if (bytesRead === 0) {
      if ((await this.#file.stat()).size < this.#position)
        throw new UserError(
          `${this.#path} was cut shorter than what had been read: lines are only to be added.`,
        );
      return undefined;
    }
    this.#position += bytesRead;
    const lines = (
      this.#rest + this.#decoder.decode(this.#bytes.subarray(0, bytesRead), { stream: true })
    ).split("\n");
    this.#rest = lines.pop() ?? "";
    const outcomes = lines.flatMap((line) => this.#outcomesOf(line));
    if (this.#rest.length > LONGEST_LINE) {
      this.#line++;
      throw this.#error(1, `the line has over ${LONGEST_LINE} characters`);
    }
    return outcomes;
  }

  /** Returns the outcome of a last line without a line end; undefined without one. @throws UserError */
  readLast(): Outcome[] | undefined {
    const line = this.#rest;
    this.#rest = "";
    return line === "" ? undefined : this.#outcomesOf(line);
  }

  #outcomesOf(text: string): Outcome[] {
    this.#line++;
    const line = text.replace(/\r$/, "");
    if (line.trim() === "") return [];
    const fields = this.#fieldsOf(this.#columns === undefined ? line.replace(/^\uFEFF/, "") : line);
    if (this.#columns !== undefined) return [this.#outcomeOf(fields, this.#columns)];
    this.#columns = this.#columnsOf(fields);
    return [];
  }

  #columnsOf(fields: readonly Field[]): Column[] {
    const columns = fields.map(({ text, column }, i) => {
      const known = COLUMNS.find((name) => name === text);
      if (known === undefined)
        throw this.#error(column, `there is no column ${JSON.stringify(text)}: ${didYouMean(text, COLUMNS)}`);
      if (fields.some((other, j) => j < i && other.text === text))
        throw this.#error(column, `column ${known} is there twice`);
      return known;
    });
    const missing = NEEDED.filter((name) => !columns.includes(name));
    if (missing.length === 0) return columns;
    throw this.#error(1, `the first line names the columns, and ${missing.join(", ")} is missing`);
  }

  #outcomeOf(fields: readonly Field[], columns: readonly Column[]): Outcome {
    const value = <T>(name: Column, parse: (text: string) => T | undefined): T => {
      const index = columns.indexOf(name);
      const field = index < 0 ? { text: "", column: 1 } : fields[index];
      if (field === undefined) throw this.#error(1, `${name} is missing: ${EXPECTED[name]} is expected`);
      const parsed = parse(field.text);
      if (parsed !== undefined) return parsed;
      throw this.#error(
        field.column,
        `${name} is ${JSON.stringify(field.text)}: ${EXPECTED[name]} is expected`,
      );
    };
    const extra = fields[columns.length];
    if (extra !== undefined)
      throw this.#error(extra.column, `there are ${fields.length} fields, and ${columns.length} columns`);
    const text = (name: Column): string => value(name, (text) => text);
    const what = text("failure");
    const requestId = text("request_id");
    return {
      atMs: value("time", timeOf),
      revision: text("revision") || undefined,
      ok: value("ok", (text) => (text === "true" ? true : text === "false" ? false : undefined)),
      ms: value("ms", numberOf),
      count: value("count", (text) =>
        text === "" ? 1 : /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined,
      ),
      kind: value("kind", (text) => KINDS.get(text)).kind,
      excluded: value("excluded", (text) => EXCLUSIONS.get(text)).why,
      unit: text("unit") || undefined,
      route: text("route") || undefined,
      ...(what === "" && requestId === "" ? {} : { failure: { what, requestId } }),
    };
  }

  /** The fields of a line, by RFC 4180. */
  #fieldsOf(line: string): Field[] {
    const fields: Field[] = [];
    for (let at = 0; ; at++) {
      const column = at + 1;
      if (line[at] === '"') {
        QUOTED.lastIndex = at;
        const quoted = QUOTED.exec(line)?.[1];
        if (quoted === undefined) throw this.#error(column, "the quote is not closed");
        fields.push({ text: quoted.replaceAll('""', '"'), column });
        at = QUOTED.lastIndex;
        if (at < line.length && line[at] !== ",")
          throw this.#error(at + 1, "a comma is expected after the closing quote");
      } else {
        const comma = line.indexOf(",", at);
        const end = comma < 0 ? line.length : comma;
        fields.push({ text: line.slice(at, end).trim(), column });
        at = end;
      }
      if (at >= line.length) return fields;
    }
  }

  #error(column: number, wrong: string): UserError {
    return new UserError(`${this.#path}:${this.#line}:${column}: ${wrong}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

const QUOTED = /"((?:[^"]|"")*)"/y;

const KINDS = new Map<string, Pick<Outcome, "kind">>([
  ["", {}],
  ["rejected", { kind: "rejected" }],
  ["abandoned", { kind: "abandoned" }],
]);

const EXCLUSIONS = new Map<string, { why: Outcome["excluded"] }>([
  ["", { why: undefined }],
  ["cold start", { why: "cold start" }],
  ["probe", { why: "probe" }],
]);

function timeOf(text: string): number | undefined {
  const seconds = numberOf(text);
  if (seconds !== undefined) return seconds * 1_000;
  const ms = /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** A number from 0 in decimal digits; undefined for any other text. */
export function numberOf(text: string): number | undefined {
  return /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}
