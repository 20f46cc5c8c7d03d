import type { Framing } from "./framing.ts";
import { MalformedMessage } from "./head.ts";

/** Receives a body's content, without its framing. */
export type OnData = (content: Buffer) => void;

/** Finds the end of one message's body in a stream of bytes. */
export interface BodyReader {
  /**
   * Reads the next bytes and delivers the content among them. The reader may overwrite the bytes afterwards: it
   * joins pieces of content in place.
   * @returns the index of the first byte after the body, or -1 if the body continues
   * @throws MalformedMessage when the framing is broken
   */
  push(bytes: Buffer, onData: OnData): number;
}

/** A reader for one body. With `close` and `tunnel` the body ends with the connection, so the reader reports no end. */
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

// Limits on chunk extensions and trailers, which bound the memory that a peer can take.
const MAX_LINE_BYTES = 8 * 1024;
const MAX_TRAILER_BYTES = 16 * 1024;
// A long piece of content is delivered unchanged, a short one is joined to the previous one.
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
 * Reads chunked framing strictly. Extensions and trailers are validated and dropped; the content is framed anew, so
 * that the next hop cannot interpret the framing differently.
 */
class ChunkedReader implements BodyReader {
  #state: "size" | "content" | "content end" | "trailers" = "size";
  #left = 0;
  #line = "";
  #trailerBytes = 0;

  push(bytes: Buffer, onData: OnData): number {
    // Content that was read and not yet delivered.
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
      // Joins tiny chunks: each one costs a system call downstream.
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

  /** Processes the line that was read; returns whether it ends the body. */
  #endLine(): boolean {
    const line = this.#line.slice(0, -2);
    this.#line = "";
    if (this.#state === "size") this.#startChunk(line);
    else if (this.#state === "content end") this.#endChunk(line);
    else if (line === "") return true;
    else this.#checkTrailer(line);
    return false;
  }

  /** Reads a line with its CR LF into `#line`; returns the index behind it, or -1 while it is incomplete. */
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
    if (line !== "") throw new MalformedMessage("a chunk is longer than its size");
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
