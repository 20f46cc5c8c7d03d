import { LineSplitter } from "../text/lines.ts";
import { messageOf } from "../text/message-of.ts";

/** The result of a program. */
export interface Ran {
  code: number;
  out: string;
  err: string;
}

export interface RunOptions {
  cwd?: string;
  /** Called for each line of either output stream. */
  onLine?: ((line: string) => void) | undefined;
  env?: Readonly<Record<string, string>>;
  /** Ends the program. */
  signal?: AbortSignal | undefined;
}

/** Runs programs on this machine. Tests inject a fake. */
export interface Programs {
  /** Whether the program is on the PATH. */
  has(name: string): boolean;
  /** Runs a program to its end. Does not throw for an exit code; a missing program has exit code 127. */
  run(command: readonly string[], options?: RunOptions): Promise<Ran>;
}

/** The programs on PATH. */
export const programs: Programs = {
  has: (name) => Bun.which(name) !== null,
  async run(command, { cwd, onLine, env, signal } = {}) {
    let child: Bun.Subprocess<"ignore", "pipe", "pipe">;
    try {
      child = Bun.spawn([...command], {
        ...(cwd === undefined ? {} : { cwd }),
        ...(signal === undefined ? {} : { signal }),
        env: { ...process.env, ...env },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
    } catch (error) {
      return { code: 127, out: "", err: messageOf(error) };
    }
    const [out, err, code] = await Promise.all([
      gather(child.stdout, onLine),
      gather(child.stderr, onLine),
      child.exited,
    ]);
    return { code, out, err };
  },
};

async function gather(stream: ReadableStream<Uint8Array>, onLine?: (line: string) => void): Promise<string> {
  const all: Uint8Array[] = [];
  const splitter = new LineSplitter();
  for await (const bytes of stream) {
    all.push(bytes);
    for (const line of splitter.push(bytes)) onLine?.(line);
  }
  for (const line of splitter.end()) onLine?.(line);
  return Buffer.concat(all).toString();
}
