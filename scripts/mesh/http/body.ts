import type { Framing } from "./framing.ts";
import { MalformedMessage } from "./head.ts";

/** Receives a body's content, without its framing. */
export type OnData = (content: Buffer) => void;

/** Finds the end of one message's body in a stream of bytes. */
export interface BodyReader {
  /**
   * Takes the next bytes and hands on the content among them. The bytes are the reader's from then on: it moves
   * content together in them.
   * @returns the index of the first byte behind the body, or -1 while the body goes on
   * @throws MalformedMessage when the framing is broken
   */
  push(bytes: Buffer, onData: OnData): number;
}

/** A reader for one body. For `close` and `tunnel` it never ends: the connection's end is the body's. */
export function bodyReader(framing: Framing): BodyReader {
  switch (framing.kind) {
    case "none":
      return { push: () => 0 };
    case "length":
      return lengthReader(framing.bytes);
    case "chunked":
      return new ChunkedReader();
    case "close":
    case "tunnel":
      return { push: pushAll };
  }
}

/** The chunk that carries this content (RFC 9112 section 7.1). Content must not be empty: that would end the body. */
export function chunkHead(content: Buffer): string {
  return `${content.length.toString(16)}\r\n`;
}

export const LAST_CHUNK = "0\r\n\r\n";

// Enough for any sane extension or trailer; more is an attempt to fill memory.
const MAX_LINE_BYTES = 8 * 1024;
const MAX_TRAILER_BYTES = 16 * 1024;
// A longer piece of content is handed on as it is, a shorter one is moved up to the one before it.
const MAX_MOVED_BYTES = 2 * 1024;
const CR = 13;
const LF = 10;

function pushAll(bytes: Buffer, onData: OnData): number {
  if (bytes.length > 0) onData(bytes);
  return -1;
}

function lengthReader(bytesInAll: number): BodyReader {
  let left = bytesInAll;
  return {
    push(bytes, onData) {
      if (bytes.length < left) {
        left -= bytes.length;
        return pushAll(bytes, onData);
      }
      const end = left;
      left = 0;
      if (end > 0) onData(bytes.length === end ? bytes : bytes.subarray(0, end));
      return end;
    },
  };
}

/**
 * Chunked framing, read strictly. Extensions and trailers are checked and dropped: what goes on is framed
 * anew, so that no reading of theirs can differ from the next hop's.
 */
class ChunkedReader implements BodyReader {
  #state: "size" | "content" | "content end" | "trailers" = "size";
  #left = 0;
  #line = "";
  #trailerBytes = 0;

  push(bytes: Buffer, onData: OnData): number {
    // Content that was read and not handed on yet.
    let [from, to] = [0, 0];
    let at = 0;
    let end = -1;
    while (at < bytes.length && end < 0) {
      if (this.#state !== "content") {
        at = this.#readLine(bytes, at);
        if (at < 0) break;
        if (this.#endLine()) end = at;
        continue;
      }
      const start = at;
      at = Math.min(at + this.#left, bytes.length);
      this.#left -= at - start;
      if (this.#left === 0) this.#state = "content end";
      // Tiny chunks are put together: each of them apart would cost a system call further on.
      if (to > from && at - start > MAX_MOVED_BYTES) {
        onData(bytes.subarray(from, to));
        to = from;
      }
      if (to === from) [from, to] = [start, at];
      else {
        bytes.copyWithin(to, start, at);
        to += at - start;
      }
    }
    if (to > from) onData(bytes.subarray(from, to));
    return end;
  }

  /** Works on the line that was read; whether it ends the body. */
  #endLine(): boolean {
    const line = this.#line.slice(0, -2);
    this.#line = "";
    if (this.#state === "size") this.#startChunk(line);
    else if (this.#state === "content end") this.#endChunk(line);
    else if (line === "") return true;
    else this.#checkTrailer(line);
    return false;
  }

  /** Gathers a line with its CR LF into `#line`; the index behind it, or -1 when it is not complete. */
  #readLine(bytes: Buffer, start: number): number {
    const lf = bytes.indexOf(LF, start);
    const end = lf < 0 ? bytes.length : lf + 1;
    this.#line += bytes.toString("latin1", start, end);
    if (this.#line.length > MAX_LINE_BYTES) throw new MalformedMessage("a chunk's size line is too long");
    if (lf < 0) return -1;
    if (this.#line.charCodeAt(this.#line.length - 2) !== CR) {
      throw new MalformedMessage("a chunk's line ends in a bare LF");
    }
    return end;
  }

  #startChunk(line: string): void {
    const size = /^([0-9a-fA-F]{1,12})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line)?.[1];
    if (size === undefined) throw new MalformedMessage("a chunk's size is not a hexadecimal number");
    this.#left = Number.parseInt(size, 16);
    this.#state = this.#left === 0 ? "trailers" : "content";
  }

  #endChunk(line: string): void {
    if (line !== "") throw new MalformedMessage("a chunk is longer than its size says");
    this.#state = "size";
  }

  #checkTrailer(line: string): void {
    this.#trailerBytes += line.length;
    if (this.#trailerBytes > MAX_TRAILER_BYTES) throw new MalformedMessage("the trailers are too long");
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/.test(line)) {
      throw new MalformedMessage("a trailer is not NAME: VALUE");
    }
  }
}
