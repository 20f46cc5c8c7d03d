/** The fields of a log line beside the fixed ones. Undefined fields are left out. */
export interface LogFields {
  readonly [name: string]: string | number | boolean | readonly string[] | LogFields | undefined;
}

/**
 * Writes one JSON object a line: level, ts (ISO 8601, UTC), msg, service, revision, then the fields. The time is that
 * of the call; fields that are given as a function are asked for when the line is made.
 */
export interface Log {
  info(msg: string, fields?: LogFields | (() => LogFields)): void;
  error(msg: string, fields?: LogFields | (() => LogFields)): void;
}

/** The names in each line, the clock, and the output, which makes a line (with its line feed) when it is written. */
export interface LogOptions {
  readonly service: string;
  readonly revision: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly write: (line: () => string) => void;
}

/** Makes the log of one service. */
export function createLog({ service, revision, now, write }: LogOptions): Log {
  let lastTime = NaN;
  let lastText = "";

  // Many lines fall into one millisecond, and writing a date out costs more than all the rest of them.
  function timestamp(time: number): string {
    if (time !== lastTime) {
      lastTime = time;
      lastText = new Date(time).toISOString();
    }
    return lastText;
  }

  function line(level: string, msg: string, fields: LogFields | (() => LogFields) | undefined): void {
    const time = now();
    write(() => {
      const rest = typeof fields === "function" ? fields() : fields;
      return `${JSON.stringify({ level, ts: timestamp(time), msg, service, revision, ...rest })}\n`;
    });
  }

  return {
    info: (msg, fields) => line("info", msg, fields),
    error: (msg, fields) => line("error", msg, fields),
  };
}
