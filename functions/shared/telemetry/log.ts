/** The additional fields of a log line. Undefined fields are omitted. */
export interface LogFields {
  readonly [name: string]: string | number | boolean | readonly string[] | LogFields | undefined;
}

/**
 * Writes one JSON object per line: level, ts (ISO 8601, UTC), msg, service, revision, then the fields. The time is that of
 * the call; fields given as a function are evaluated when the line is built.
 */
export interface Log {
  info(msg: string, fields?: LogFields | (() => LogFields)): void;
  error(msg: string, fields?: LogFields | (() => LogFields)): void;
}

/** The names in each line, the clock, and the output, which builds a line (with its line feed) when it is written. */
export interface LogOptions {
  readonly service: string;
  readonly revision: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly write: (line: () => string) => void;
}

/** Makes the log of one service. */
export function createLog({ service, revision, now, write }: LogOptions): Log {
  const names = `"service":${JSON.stringify(service)},"revision":${JSON.stringify(revision)}`;
  let lastTime = NaN;
  let lastText = "";

  // Many lines fall into one millisecond, and formatting a date costs more than the rest of a line.
  function timestamp(time: number): string {
    if (time !== lastTime) {
      lastTime = time;
      lastText = new Date(time).toISOString();
    }
    return lastText;
  }

  // Serialising the names once and not copying the fields saves a third of the time of a line.
  function line(level: string, msg: string, fields: LogFields | (() => LogFields) | undefined): void {
    const time = now();
    write(() => {
      const rest = JSON.stringify((typeof fields === "function" ? fields() : fields) ?? {});
      const head = `{"level":"${level}","ts":"${timestamp(time)}","msg":${JSON.stringify(msg)},${names}`;
      return rest === "{}" ? `${head}}\n` : `${head},${rest.slice(1)}\n`;
    });
  }

  return {
    info: (msg, fields) => line("info", msg, fields),
    error: (msg, fields) => line("error", msg, fields),
  };
}
