import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Subprocess } from "bun";

/** A process of a measurement. */
export interface Pinned extends AsyncDisposable {
  readonly pid: number;
  /** Its state and the end of its stderr, for error messages. */
  complaints(): string;
}

export interface PinnedOptions {
  command: readonly string[];
  /** The processor to which it is pinned; undefined for any. */
  core?: number | undefined;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  /** The file that gets its output; undefined to discard it. */
  log?: string;
}

/** The processor of the measured process, and that of the load and the upstreams. */
export const CORES = { measured: 0, load: 1 } as const;

/** Whether processes can be pinned to a processor here; otherwise, the figures of two processes are not comparable. */
export function canPin(): boolean {
  return availableParallelism() > 1 && Bun.which("taskset") !== null;
}

/** A command that is pinned to one processor. */
export function pinned(command: readonly string[], core: number | undefined): string[] {
  return core === undefined || !canPin() ? [...command] : ["taskset", "-c", String(core), ...command];
}

/** Starts a process, which ends with its scope. */
export function start({ command, core, cwd, env = {}, log }: PinnedOptions): Pinned {
  const { PATH = "", HOME = "" } = process.env;
  const child: Subprocess<"ignore", "ignore" | Bun.BunFile, "pipe"> = Bun.spawn(pinned(command, core), {
    ...(cwd === undefined ? {} : { cwd }),
    env: { PATH, HOME, NODE_ENV: "production", ...env },
    stdin: "ignore",
    stdout: log === undefined ? "ignore" : Bun.file(log),
    stderr: "pipe",
  });
  let complaints = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) {
      complaints = (complaints + decoder.decode(bytes, { stream: true })).slice(-2000);
    }
  })();
  return {
    pid: child.pid,
    complaints: () => {
      const { exitCode, signalCode } = child;
      const ended = signalCode ?? (exitCode === null ? undefined : `code ${exitCode}`);
      return `${ended === undefined ? "it runs" : `it ended by ${ended}`}\n${complaints}`.trimEnd();
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await child.exited;
      clearTimeout(late);
    },
  };
}

/** Waits for a 200 at an address. @throws if there is none in time, with the output of the process */
export async function untilAnswers(url: string, of: Pinned, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (performance.now() < end) {
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    await Bun.sleep(2);
  }
  throw new Error(`no answer at ${url} within ${withinMs / 1000} s\n${of.complaints()}`);
}

/** A free port of 127.0.0.1. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

// Linux reports processor time to programs in hundredths of a second.
const TICKS_PER_SECOND = 100;

/** Seconds of processor time that a process has used, or undefined if the system does not report it. */
export async function cpuSeconds(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** MiB of memory that a process uses, or undefined if the system does not report it. */
export async function residentMiB(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => undefined);
  const kiB = /^VmRSS:\s+([0-9]+) kB$/m.exec(text ?? "")?.[1];
  return kiB === undefined ? undefined : Number(kiB) / 1024;
}
