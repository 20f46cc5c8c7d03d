/** Where text ends up: Bun's writer for stdout, or a fake. `flush` gives a promise while the reader lags. */
export interface TextSink {
  write(text: string): unknown;
  flush(): unknown;
}

/** Lines on their way out of the process. */
export interface LogOutput {
  /** Takes one line; returns at once. */
  write(line: string): void;
  /** Settles when all that was written is out, or cannot get out any more. Never rejects. */
  flush(): Promise<void>;
}

/** How lines are gathered before they are written. Times in milliseconds, sizes in characters. */
export interface LogOutputOptions {
  readonly sink: TextSink;
  /** Told how many lines were dropped, once the reader takes lines again. */
  readonly onLost?: (lines: number) => void;
  /** @default 50 */
  readonly flushAfterMs?: number;
  /** @default 65536 */
  readonly flushAtLength?: number;
  /** Held for a reader that lags; what comes on top is dropped and counted. @default 4194304 */
  readonly maxLength?: number;
}

/**
 * Gathers lines and hands them over in batches, so that a request never waits for a write.
 * A reader that is slow or gone costs lines, never requests.
 */
export function createLogOutput(options: LogOutputOptions): LogOutput {
  const { sink, onLost, flushAfterMs = 50, flushAtLength = 65_536, maxLength = 4_194_304 } = options;
  let waiting = "";
  let dropped = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy: Promise<void> | undefined;

  function handOver(): void {
    clearTimeout(timer);
    timer = undefined;
    if (busy !== undefined || waiting === "") return;
    const text = waiting;
    const lost = dropped;
    waiting = "";
    dropped = 0;
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
      if (waiting.length + line.length > maxLength) {
        dropped += 1;
        return;
      }
      waiting += line;
      if (waiting.length >= flushAtLength) handOver();
      else timer ??= setTimeout(handOver, flushAfterMs);
    },
    async flush() {
      handOver();
      while (busy !== undefined) await busy;
    },
  };
}
