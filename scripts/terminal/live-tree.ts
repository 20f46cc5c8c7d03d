import { printableStyled } from "../text/printable.ts";
import { printTo } from "../text/print.ts";

/** One line of a live picture. */
export interface LiveLine {
  text: string;
  /** Shown after the text, and on a terminal only: what changes constantly, such as an elapsed time. */
  passing?: string;
}

/** Where the picture goes; `process.stderr` is one. */
export interface LiveStream {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
}

/** A clock, which tests inject. */
export interface LiveClock {
  now(): number;
  /** Calls back after some time; the function that is returned calls that off. */
  after(ms: number, run: () => void): () => void;
}

export interface LiveTreeOptions {
  stream: LiveStream;
  /** Whether lines are painted over. @default a terminal, and neither CI nor a dumb one */
  live?: boolean;
  /** The shortest time between two repaints. @default 200 */
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
 * Lines that change in place. On a terminal the picture is painted over at most a few times a second, by moving up,
 * so that what was written before stays in the scrollback. Elsewhere a line is written once when it is new.
 */
export class LiveTree {
  readonly #stream: LiveStream;
  readonly #live: boolean;
  readonly #intervalMs: number;
  readonly #clock: LiveClock;
  #lines: readonly LiveLine[] = [];
  /** The lines on the terminal. */
  #painted: string[] = [];
  /** Whether something else was written below since. */
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

  /** Shows these lines in place of those before, now or when the next repaint is due. */
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

  /** Writes text that stays, above the lines that change. */
  say(text: string): void {
    if (!this.#live || this.#ended) {
      printTo(this.#stream, text);
      return;
    }
    this.#stream.write(`${this.#moveUp()}\u001b[J${printableStyled(text)}\n`);
    this.#painted = [];
    this.#paint(this.#fitted());
  }

  /** Leaves what is painted where it is, so that something else can be written below; the next picture begins there. */
  leave(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#live) this.#paint(this.#fitted());
    this.#left = true;
  }

  /** Shows the last lines in full and leaves them there. Nothing is painted afterwards. */
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

  /** To the first painted line. A terminal that was made narrower since has broken lines in two. */
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

  /** The lines as they fit on the terminal: what scrolls out at the top cannot be painted over. */
  #fitted(): string[] {
    const columns = this.#stream.columns || 80;
    const rows = this.#stream.rows || 24;
    const lines = this.#lines.map((line) => cut(whole(line), columns - 1));
    const room = Math.max(1, rows - 1);
    if (lines.length <= room) return lines;
    return [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`];
  }
}

/** Splits a text of several lines, and makes each fit for a terminal before its width is measured. */
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
    // A repaint that is due does not keep the process from ending.
    timer.unref();
    return () => clearTimeout(timer);
  },
};
