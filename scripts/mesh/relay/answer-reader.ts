import type { HeaderList } from "../../route-fields/headers/header-list.ts";
import { type AnswerField } from "../../traffic/answer-field.ts";
import { type AnswerValues, answerValues } from "../../traffic/answer-values.ts";

/** The longest body that is read, in bytes. */
const MOST_BYTES = 256 * 1024;

/** Collects a response up to a limit, to read fields from it. */
export class AnswerReader {
  readonly #fields: ReadonlyMap<string, AnswerField>;
  readonly #readsBody: boolean;
  #headers: HeaderList | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #unread: string | undefined;

  /** @param fields by their names */
  constructor(fields: ReadonlyMap<string, AnswerField>) {
    this.#fields = fields;
    this.#readsBody = [...fields.values()].some(({ kind }) => kind === "json");
  }

  begin(headers: HeaderList): void {
    this.#headers = headers;
    const encoding = headers.joined("content-encoding") ?? "identity";
    if (encoding !== "identity") this.#unread = `encoded by ${encoding.slice(0, 20)}`;
  }

  add(content: Buffer): void {
    if (!this.#readsBody || this.#unread !== undefined) return;
    this.#bytes += content.length;
    if (this.#bytes <= MOST_BYTES) {
      // The connection reuses its buffer.
      this.#chunks.push(Buffer.from(content));
      return;
    }
    this.#unread = `longer than ${MOST_BYTES / 1024} KiB`;
    this.#chunks = [];
  }

  /** Returns the values of the fields after the response has ended. */
  values(): AnswerValues {
    return answerValues(this.#fields, {
      header: (name) => this.#headers?.joined(name),
      body: this.#unread === undefined ? Buffer.concat(this.#chunks) : { missing: this.#unread },
    });
  }
}
