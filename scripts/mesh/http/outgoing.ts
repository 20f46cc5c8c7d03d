import type { Socket } from "bun";

/**
 * The sending half of a connection, with memory for what cannot go out yet: because the connection is still
 * being opened, or because the kernel's buffer is full. Its owner calls `opened`, `flush` and `gone` from the
 * socket's events.
 */
export class Outgoing {
  #socket: Socket<unknown> | undefined;
  #waiting: Buffer[] = [];
  #endAfterwards = false;
  #isGone = false;
  #onDrain: (() => void) | undefined;

  /** Whether bytes wait here; the sender of a body then pauses its source until `whenDrained`. */
  get congested(): boolean {
    return this.#waiting.length > 0;
  }

  /** Sends bytes, at once or as soon as the peer takes them. Dropped when the connection is gone. */
  write(bytes: Buffer): void {
    if (this.#isGone) return;
    if (this.#socket === undefined || this.#waiting.length > 0) {
      this.#waiting.push(bytes);
      return;
    }
    const sent = this.#socket.write(bytes);
    if (sent >= 0 && sent < bytes.length) this.#waiting.push(bytes.subarray(sent));
  }

  /** Calls back once, when nothing waits any more. */
  whenDrained(callback: () => void): void {
    this.#onDrain = callback;
  }

  /** Closes the connection in order, after all that was written. */
  end(): void {
    this.#endAfterwards = true;
    this.flush();
  }

  opened(socket: Socket<unknown>): void {
    this.#socket = socket;
    this.flush();
  }

  flush(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    while (this.#waiting.length > 0) {
      const bytes = this.#waiting[0] as Buffer;
      const sent = socket.write(bytes);
      if (sent < 0) return this.gone();
      if (sent < bytes.length) {
        this.#waiting[0] = bytes.subarray(sent);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#endAfterwards) socket.end();
    const drained = this.#onDrain;
    this.#onDrain = undefined;
    drained?.();
  }

  gone(): void {
    this.#isGone = true;
    this.#socket = undefined;
    this.#waiting = [];
    this.#onDrain = undefined;
  }
}
