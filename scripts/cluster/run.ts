/** A program that ran to its end. */
export interface Ran {
  code: number;
  out: string;
  err: string;
}

export interface RunOptions {
  cwd?: string;
  /** Called for each line that the program writes, on either stream. */
  onLine?: (line: string) => void;
  env?: Readonly<Record<string, string>>;
}

/** Runs programs on this machine; tests give another. */
export interface Programs {
  /** Whether a program of this name is there. */
  has(name: string): boolean;
  /** Runs a program to its end; never throws for its exit code. */
  run(command: readonly string[], options?: RunOptions): Promise<Ran>;
}

/** The programs on PATH. */
export const programs: Programs = {
  has: (name) => Bun.which(name) !== null,
  async run(command, { cwd, onLine, env } = {}) {
    const child = Bun.spawn([...command], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, code] = await Promise.all([
      gather(child.stdout, onLine),
      gather(child.stderr, onLine),
      child.exited,
    ]);
    return { code, out, err };
  },
};

async function gather(stream: ReadableStream<Uint8Array>, onLine?: (line: string) => void): Promise<string> {
  const decoder = new TextDecoder();
  let all = "";
  let rest = "";
  for await (const bytes of stream) {
    const text = decoder.decode(bytes, { stream: true });
    all += text;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine?.(line);
  }
  if (rest !== "") onLine?.(rest);
  return all;
}
