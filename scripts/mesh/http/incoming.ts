import { MalformedMessage, MAX_HEAD_BYTES } from "./head.ts";

const EMPTY: Buffer = Buffer.alloc(0);
const HEAD_END = Buffer.from("\r\n\r\n");
const CR = 13;
const LF = 10;

/**
 * The receiving half of a connection: the bytes that have arrived and are unread. Appending and searching take
 * linear time even if the bytes arrive slowly.
 */
export class Incoming {
  #unread = EMPTY;
  /** The buffer behind `#unread` after bytes were appended; used up to `#used`. */
  #room = EMPTY;
  #used = 0;
  /** The number of unread bytes that were searched for the end of a head. */
  #searched = 0;

  get length(): number {
    return this.#unread.length;
  }

  push(bytes: Buffer): void {
    const { length } = this.#unread;
    if (length === 0) {
      this.#unread = bytes;
      return;
    }
    if (this.#used + bytes.length > this.#room.length) {
      this.#room = Buffer.allocUnsafeSlow(2 * (length + bytes.length));
      this.#used = this.#unread.copy(this.#room);
    }
    bytes.copy(this.#room, this.#used);
    this.#used += bytes.length;
    this.#unread = this.#room.subarray(this.#used - length - bytes.length, this.#used);
  }

  /** Takes all unread bytes; they are not changed afterwards. */
  takeAll(): Buffer {
    const bytes = this.#unread;
    this.#drop(bytes.length);
    return bytes;
  }

  /** Skips empty lines ahead of a message (RFC 9112 section 2.2). */
  skipEmptyLines(): void {
    let at = 0;
    while (this.#unread[at] === CR && this.#unread[at + 1] === LF) at += 2;
    if (at > 0) this.#drop(at);
  }

  /**
   * Takes a head in Latin-1, without the empty line that ends it. Returns undefined while it is incomplete.
   * @throws MalformedMessage if the bytes cannot become a head
   */
  takeHead(): string | undefined {
    const bytes = this.#unread;
    if (bytes.length === 0) return undefined;
    const end = bytes.indexOf(HEAD_END, Math.max(0, this.#searched - HEAD_END.length + 1));
    if (end > MAX_HEAD_BYTES || (end < 0 && bytes.length > MAX_HEAD_BYTES)) {
      throw new MalformedMessage("the head is too long", 431);
    }
    if (end < 0) {
      this.#checkBeginning();
      this.#searched = bytes.length;
      return undefined;
    }
    const head = bytes.toString("latin1", 0, end);
    this.#drop(end + HEAD_END.length);
    return head;
  }

  /** Refuses input early that can never become a head: lines that end in a bare LF, and TLS. */
  #checkBeginning(): void {
    const bytes = this.#unread;
    const first = bytes[0] as number;
    if ((first <= 0x20 && first !== CR) || first >= 0x7f) throw new MalformedMessage("this is not HTTP");
    for (let at = bytes.indexOf(LF, this.#searched); at >= 0; at = bytes.indexOf(LF, at + 1)) {
      if (bytes[at - 1] !== CR) throw new MalformedMessage("a line ends in a bare LF");
    }
  }

  #drop(count: number): void {
    this.#searched = 0;
    this.#unread = count === this.#unread.length ? EMPTY : this.#unread.subarray(count);
    if (this.#unread.length > 0) return;
    this.#room = EMPTY;
    this.#used = 0;
  }
}
