import type { LiveClock, LiveStream } from "./live-tree.ts";

/** A stream that records the output, and the text that a terminal would show. */
export class FakeTerminal implements LiveStream {
  readonly isTTY: boolean;
  columns = 80;
  rows = 24;
  written: string[] = [];

  constructor(isTTY = true) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.written.push(text);
  }

  /** The whole output, unchanged. */
  get text(): string {
    return this.written.join("");
  }

  /**
   * The current lines on the terminal, without markup. Supports the control sequences of a live picture: up by lines, to the
   * start of the line, erase to the end of the line and of the screen.
   */
  get screen(): string[] {
    const lines: string[] = [""];
    let row = 0;
    let column = 0;
    for (const [token] of this.text.matchAll(/\u001b\[[0-9;]*[A-Za-z]|[^\u001b]/gu)) {
      const up = /^\u001b\[([0-9]+)A$/.exec(token)?.[1];
      if (up !== undefined) row -= Number(up);
      else if (token === "\r") column = 0;
      else if (token === "\n") {
        row++;
        column = 0;
        if (row === lines.length) lines.push("");
      } else if (token === "\u001b[K") lines[row] = (lines[row] ?? "").slice(0, column);
      else if (token === "\u001b[J") {
        lines[row] = (lines[row] ?? "").slice(0, column);
        lines.length = row + 1;
      } else if (!token.startsWith("\u001b")) {
        const line = lines[row] ?? "";
        lines[row] = line.slice(0, column) + token + line.slice(column + 1);
        column++;
      }
      if (row < 0) throw new Error("the picture moved above what was written");
    }
    if (lines.at(-1) === "") lines.pop();
    return lines;
  }
}

/** A clock that tests advance. */
export class FakeClock implements LiveClock {
  #now = 0;
  #due: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const entry = { at: this.#now + ms, run };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((each) => each !== entry);
    };
  }

  /** Advances the time and calls the due callbacks, in order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}
