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
  const names = `"service":${JSON.stringify(service)},"revision":${JSON.stringify(revision)}`;
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

  // The names are written out once, and the fields are not copied: that takes a third off a line.
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
