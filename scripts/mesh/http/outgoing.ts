/** The sending part of a socket. `write` returns how many bytes the kernel took, or -1 when the socket is closed. */
export interface Sink {
  write(bytes: Buffer): number;
}

// Pieces are joined up to this size, since every write is a system call.
const MAX_JOINED_BYTES = 64 * 1024;

/**
 * The sending half of a connection. It buffers bytes while the connection is being opened and while the kernel's
 * buffer is full. The owner calls `opened`, `flush` and `gone` from the socket's events.
 */
export class Outgoing {
  readonly #onDrained: () => void;
  #socket: Sink | undefined;
  #waiting: Buffer[] = [];
  #isGone = false;

  /** @param onDrained called when all buffered bytes are sent */
  constructor(onDrained: () => void) {
    this.#onDrained = onDrained;
  }

  /** Whether bytes are buffered: the sender of a body then pauses its source. */
  get congested(): boolean {
    return this.#waiting.length > 0;
  }

  /** Sends bytes at once, or as soon as the peer reads. Drops them when the connection is closed. */
  write(bytes: Buffer): void {
    if (this.#isGone) return;
    if (this.#socket === undefined || this.#waiting.length > 0) {
      this.#waiting.push(bytes);
      return;
    }
    const sent = this.#socket.write(bytes);
    if (sent >= 0 && sent < bytes.length) this.#waiting.push(sent === 0 ? bytes : bytes.subarray(sent));
  }

  opened(socket: Sink): void {
    this.#socket = socket;
    this.flush();
  }

  flush(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    for (let next = 0; next < waiting.length;) {
      const after = endOfJoined(waiting, next);
      const bytes =
        after === next + 1 ? (waiting[next] as Buffer) : Buffer.concat(waiting.slice(next, after));
      const sent = socket.write(bytes);
      if (sent < 0) return this.gone();
      next = after;
      if (sent < bytes.length) {
        this.#waiting = [bytes.subarray(sent), ...waiting.slice(next)];
        return;
      }
    }
    this.#waiting = [];
    this.#onDrained();
  }

  /** Drops all buffered bytes, because the connection is closed. */
  gone(): void {
    this.#isGone = true;
    this.#socket = undefined;
    this.#waiting = [];
  }
}

/** Returns the index after the last piece to send in one write that begins at `start`. */
function endOfJoined(pieces: readonly Buffer[], start: number): number {
  let bytes = pieces[start]?.length ?? 0;
  let end = start + 1;
  for (; end < pieces.length; end++) {
    bytes += pieces[end]?.length ?? 0;
    if (bytes > MAX_JOINED_BYTES) break;
  }
  return end;
}

/** Encodes text, content and text in Latin-1 as one buffer. */
export function latin1(before: string, content?: Buffer, after = ""): Buffer {
  if (content === undefined) return Buffer.from(before + after, "latin1");
  if (before === "" && after === "") return content;
  const bytes = Buffer.allocUnsafe(before.length + content.length + after.length);
  bytes.write(before, 0, "latin1");
  bytes.set(content, before.length);
  if (after !== "") bytes.write(after, before.length + content.length, "latin1");
  return bytes;
}
