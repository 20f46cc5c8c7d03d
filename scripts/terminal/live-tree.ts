import { printableStyled } from "../text/printable.ts";
import { printTo } from "../text/print.ts";

/** One line of a live picture. */
export interface LiveLine {
  text: string;
  /** Text that changes constantly, such as an elapsed time; shown after the text, only on a terminal. */
  passing?: string;
}

/** The output of the picture, such as `process.stderr`. */
export interface LiveStream {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
}

/** A clock, so that tests can inject one. */
export interface LiveClock {
  now(): number;
  /** Calls back after some time; returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
}

export interface LiveTreeOptions {
  stream: LiveStream;
  /** Whether lines are repainted. @default true on a terminal, except in CI and on a dumb terminal */
  live?: boolean;
  /** The minimum time between two repaints, in milliseconds. @default 200 */
  intervalMs?: number;
  /** @default the real one */
  clock?: LiveClock;
}

/** Whether a stream can show lines that change in place. */
export function isLive(
  stream: LiveStream,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const automated = env["CI"] !== undefined && env["CI"] !== "" && env["CI"] !== "false";
  return stream.isTTY === true && !automated && env["TERM"] !== "dumb";
}

/**
 * Lines that change in place. On a terminal the picture is repainted at most a few times a second, by moving up, so that
 * earlier output stays in the scrollback. Elsewhere a new line is written once.
 */
export class LiveTree {
  readonly #stream: LiveStream;
  readonly #live: boolean;
  readonly #intervalMs: number;
  readonly #clock: LiveClock;
  #lines: readonly LiveLine[] = [];
  /** The lines on the terminal. */
  #painted: string[] = [];
  /** Whether other text was written below since. */
  #left = false;
  #paintedAt = Number.NEGATIVE_INFINITY;
  #callOff: (() => void) | undefined;
  #ended = false;

  constructor(options: LiveTreeOptions) {
    this.#stream = options.stream;
    this.#live = options.live ?? isLive(options.stream);
    this.#intervalMs = options.intervalMs ?? 200;
    this.#clock = options.clock ?? realClock;
  }

  /** Replaces the lines, now or at the next repaint. */
  update(lines: readonly (string | LiveLine)[]): void {
    if (this.#ended) return;
    const before = this.#lines;
    this.#lines = lines.flatMap((line) => oneByOne(typeof line === "string" ? { text: line } : line));
    if (!this.#live) return this.#tellNew(before);
    if (this.#callOff !== undefined) return;
    const wait = this.#paintedAt + this.#intervalMs - this.#clock.now();
    if (wait <= 0) this.#paint(this.#fitted());
    else
      this.#callOff = this.#clock.after(wait, () => {
        this.#callOff = undefined;
        this.#paint(this.#fitted());
      });
  }

  /** Writes permanent text above the changing lines. */
  say(text: string): void {
    if (!this.#live || this.#ended) {
      printTo(this.#stream, text);
      return;
    }
    this.#stream.write(`${this.#moveUp()}\u001b[J${printableStyled(text)}\n`);
    this.#painted = [];
    this.#paint(this.#fitted());
  }

  /** Leaves the painted lines in place, so that other text can be written below; the next picture begins there. */
  leave(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#live) this.#paint(this.#fitted());
    this.#left = true;
  }

  /** Shows the last lines in full, permanently. Nothing is painted afterwards. */
  end(): void {
    if (this.#ended) return;
    this.#callOff?.();
    if (this.#live) this.#paint(this.#lines.map(whole));
    this.#ended = true;
  }

  #tellNew(before: readonly LiveLine[]): void {
    const known = new Set(before.map(({ text }) => text));
    for (const { text } of this.#lines) if (!known.has(text)) printTo(this.#stream, text);
  }

  #paint(lines: string[]): void {
    this.#paintedAt = this.#clock.now();
    if (lines.length === this.#painted.length && lines.every((line, i) => line === this.#painted[i])) return;
    const rows = lines.map((line) => `${line}\u001b[K\n`).join("");
    this.#stream.write(`${this.#moveUp()}${rows}\u001b[J`);
    this.#painted = lines;
    this.#left = false;
  }

  /** Moves to the first painted line. On a terminal that was narrowed since, lines have wrapped. */
  #moveUp(): string {
    if (this.#left) return "";
    // A terminal of unknown size reports 0.
    const columns = this.#stream.columns || Number.POSITIVE_INFINITY;
    const up = this.#painted.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(Bun.stringWidth(line) / columns)),
      0,
    );
    return up === 0 ? "" : `\r\u001b[${up}A`;
  }

  /** The lines that fit on the terminal, because lines that scroll out at the top cannot be repainted. */
  #fitted(): string[] {
    const columns = this.#stream.columns || 80;
    const rows = this.#stream.rows || 24;
    const lines = this.#lines.map((line) => cut(whole(line), columns - 1));
    const room = Math.max(1, rows - 1);
    if (lines.length <= room) return lines;
    return [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`];
  }
}

/** Splits a text into lines, and escapes each for a terminal before its width is measured. */
function oneByOne({ text, passing = "" }: LiveLine): LiveLine[] {
  const texts = printableStyled(text).split("\n");
  const last = texts.length - 1;
  return texts.map((each, i) => ({ text: each, passing: i === last ? printableStyled(passing) : "" }));
}

function whole({ text, passing }: LiveLine): string {
  return passing === undefined || passing === "" ? text : `${text} ${passing}`;
}

function cut(line: string, width: number): string {
  return Bun.stringWidth(line) <= width ? line : `${Bun.sliceAnsi(line, 0, Math.max(0, width - 1))}…`;
}

const realClock: LiveClock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    // A scheduled repaint does not keep the process alive.
    timer.unref();
    return () => clearTimeout(timer);
  },
};
