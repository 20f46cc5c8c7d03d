const LF = 10;

export interface LineOptions {
  /** A longer line is truncated to this many bytes, and ends with the number of omitted bytes. @default no limit */
  maxBytes?: number;
}

/**
 * Splits UTF-8 into lines, without their line feeds, in linear time and memory: the beginning of a line is neither copied
 * nor searched again when more of it arrives.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  /** The beginning of the unfinished line. */
  #pieces: Uint8Array[] = [];
  #length = 0;
  #cut = 0;

  constructor({ maxBytes = Number.POSITIVE_INFINITY }: LineOptions = {}) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next bytes; returns the lines that they complete. The bytes must not change afterwards. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      this.#add(bytes.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    this.#add(bytes.subarray(start));
    return lines;
  }

  /** Returns what follows the last line feed, if anything does. */
  end(): string[] {
    return this.#length === 0 ? [] : [this.#take()];
  }

  #add(piece: Uint8Array): void {
    const kept = piece.subarray(0, this.#maxBytes - this.#length);
    this.#cut += piece.length - kept.length;
    this.#length += kept.length;
    if (kept.length > 0) this.#pieces.push(kept);
  }

  #take(): string {
    const [first = new Uint8Array(), ...more] = this.#pieces;
    const bytes = more.length === 0 ? first : Buffer.concat([first, ...more], this.#length);
    // Streaming omits a character that the limit splits.
    const text = new TextDecoder().decode(bytes, { stream: this.#cut > 0 });
    const line = this.#cut > 0 ? `${text} … (${this.#cut} more bytes cut)` : text;
    this.#pieces = [];
    this.#length = 0;
    this.#cut = 0;
    return line;
  }
}

/** The lines of a stream as they arrive: for each chunk the lines that it completes, if any. Stopping early cancels the stream. */
export async function* lineBatches(
  stream: AsyncIterable<Uint8Array>,
  options?: LineOptions,
): AsyncGenerator<string[]> {
  const splitter = new LineSplitter(options);
  for await (const bytes of stream) {
    const lines = splitter.push(bytes);
    if (lines.length > 0) yield lines;
  }
  const last = splitter.end();
  if (last.length > 0) yield last;
}

/** The same, one line at a time. */
export async function* linesOf(
  stream: AsyncIterable<Uint8Array>,
  options?: LineOptions,
): AsyncGenerator<string> {
  for await (const lines of lineBatches(stream, options)) yield* lines;
}
