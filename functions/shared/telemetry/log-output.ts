/** Where text ends up: Bun's writer for stdout, or a fake. `flush` gives a promise while the reader lags. */
export interface TextSink {
  write(text: string): unknown;
  flush(): unknown;
}

/** Lines on their way out of the process. */
export interface LogOutput {
  /** Takes one line, which is not made before it goes out; returns at once. */
  write(line: () => string): void;
  /** Settles when all that was written is out, or cannot get out any more. Never rejects. */
  flush(): Promise<void>;
}

/** How lines are gathered before they are written. Times in milliseconds. */
export interface LogOutputOptions {
  readonly sink: TextSink;
  /** Told how many lines were dropped, once the reader takes lines again. */
  readonly onLost?: (lines: number) => void;
  /** @default 50 */
  readonly flushAfterMs?: number;
  /** @default 512 */
  readonly flushAtLines?: number;
  /** Held for a reader that lags; what comes on top is dropped and counted. @default 16384 */
  readonly maxLines?: number;
}

/**
 * Gathers lines and makes and hands them over in batches, so that a request never waits for a write: a line that
 * is made among others costs a quarter of one that is made within its request.
 * A reader that is slow or gone costs lines, never requests.
 */
export function createLogOutput(options: LogOutputOptions): LogOutput {
  const { sink, onLost, flushAfterMs = 50, flushAtLines = 512, maxLines = 16_384 } = options;
  let waiting: (() => string)[] = [];
  let dropped = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy: Promise<void> | undefined;

  function handOver(): void {
    clearTimeout(timer);
    timer = undefined;
    if (busy !== undefined || waiting.length === 0) return;
    const lines = waiting;
    const lost = dropped;
    waiting = [];
    dropped = 0;
    let text = "";
    for (const line of lines) text += line();
    try {
      sink.write(text);
      const flushed = sink.flush();
      if (flushed instanceof Promise) busy = flushed.then(ready, ready);
    } catch {
      // The reader is gone. There is nobody left to tell.
    }
    if (lost > 0) onLost?.(lost);
  }

  function ready(): void {
    busy = undefined;
    handOver();
  }

  return {
    write(line) {
      if (waiting.length >= maxLines) {
        dropped += 1;
        return;
      }
      waiting.push(line);
      if (waiting.length >= flushAtLines) handOver();
      else timer ??= setTimeout(handOver, flushAfterMs);
    },
    async flush() {
      handOver();
      while (busy !== undefined) await busy;
    },
  };
}
