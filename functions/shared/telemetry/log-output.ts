/** The destination of the text: Bun's writer for stdout, or a fake. `flush` returns a promise while the reader lags. */
export interface TextSink {
  write(text: string): unknown;
  flush(): unknown;
}

/** A buffered output of lines. */
export interface LogOutput {
  /** Queues one line, which is built when it is written; returns at once. */
  write(line: () => string): void;
  /** Resolves when all lines are written, or the reader is gone. Never rejects. */
  flush(): Promise<void>;
}

/** The settings of the buffer. Times in milliseconds. */
export interface LogOutputOptions {
  readonly sink: TextSink;
  /** Receives the number of dropped lines, once the reader accepts lines again. */
  readonly onLost?: (lines: number) => void;
  /** @default 50 */
  readonly flushAfterMs?: number;
  /** @default 512 */
  readonly flushAtLines?: number;
  /** The maximum number of lines that wait for a slow reader; further ones are dropped and counted. @default 16384 */
  readonly maxLines?: number;
}

/**
 * Buffers lines, and builds and writes them in batches, so that a request never waits for a write. A line built in a batch
 * costs a quarter of one built within its request. If the reader is slow or gone, lines are lost, but no requests.
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
      // The reader has closed the pipe, so it cannot be reported.
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
