import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../../project.ts";
import type { CommandRequest, CommandResult } from "./command-server.ts";

/** A command of `kyc` that ran to its end. */
export interface Finished {
  code: number;
  out: string;
  err: string;
}

/**
 * Runs a command of `kyc` to its end, in the working directory of the tests. All commands of a test process run in one
 * process, which starts with the first: use `kycAt` for those that read standard input or handle signals.
 */
export async function kyc(...args: string[]): Promise<Finished> {
  return await kycWith(environment(), args);
}

/** The same with only these environment variables. */
export async function kycWith(env: Environment, args: readonly string[]): Promise<Finished> {
  // The process looks programs up once, so it serves one PATH.
  const path = env["PATH"] ?? "";
  const idle = idleServers.get(path) ?? [];
  idleServers.set(path, idle);
  const server = idle.pop() ?? new CommandServer(env);
  const finished = await server.run(env, args);
  // A command that does not end keeps its process and does not block others.
  idle.push(server);
  return finished;
}

/** Runs a command in a separate process in a folder, with a text on standard input, and additional environment variables. */
export async function kycAt(
  folder: string,
  args: readonly string[],
  input = "",
  env: Environment = {},
): Promise<Finished> {
  const child = Bun.spawn([...PROGRAM, ...args], {
    cwd: folder,
    stdin: new Blob([input]),
    env: { ...environment(), ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

type Environment = Readonly<Record<string, string>>;

const idleServers = new Map<string, CommandServer[]>();

/** A process that runs one command at a time. It ends with the process of the tests. */
class CommandServer {
  readonly #env: Environment;
  #child: Bun.Subprocess | undefined;
  #running: PromiseWithResolvers<Finished> | undefined;
  #count = 0;

  constructor(env: Environment) {
    this.#env = env;
  }

  run(env: Environment, args: readonly string[]): Promise<Finished> {
    const running = Promise.withResolvers<Finished>();
    this.#running = running;
    this.#child ??= this.#start();
    this.#child.send({ id: this.#count++, env, args } satisfies CommandRequest);
    return running.promise;
  }

  #start(): Bun.Subprocess {
    const child = Bun.spawn([process.execPath, join(PROJECT, "scripts/commands/testing/command-server.ts")], {
      env: this.#env,
      stdio: ["ignore", "ignore", "inherit"],
      ipc: ({ code, out, err }: CommandResult) => this.#running?.resolve({ code, out, err }),
      onExit: (_, code, signal) => {
        this.#child = undefined;
        this.#running?.reject(new Error(`the process that runs the commands ended by ${signal ?? code}`));
      },
    });
    child.unref();
    return child;
  }
}

function environment(): Environment {
  const own = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const { KYC_CALLED_AS: _, ...env } = Object.fromEntries(own);
  return { ...env, ...USER_FOLDERS, NO_COLOR: "1" };
}

/** A running `kyc dev`. */
export interface RunningDev extends AsyncDisposable {
  /** The address of the ingress gateway. */
  readonly ingress: string;
  /** The address of the cluster-local hosts. */
  readonly local: string;
  readonly pid: number;
  readonly exited: Promise<number>;
  /** The output so far. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
}

/** The folder of the keys and states of the user, for the processes of tests. */
const USER_FOLDERS = {
  XDG_CONFIG_HOME: join(tmpdir(), "kyc-test-user", "config"),
  XDG_STATE_HOME: join(tmpdir(), "kyc-test-user", "state"),
};

const { KYC_PROGRAM } = process.env;

/** What starts `kyc` as a process of its own: the program that `./kyc test` names to all tests, else the sources. */
export const PROGRAM: readonly string[] =
  KYC_PROGRAM === undefined ? [process.execPath, join(PROJECT, "scripts/kyc.ts")] : [KYC_PROGRAM];

/**
 * Starts `kyc dev` on free ports and waits until it shows them.
 * @param program the program to run in place of `kyc`, such as the script of another clone
 * @param env variables in addition to those of the test's own process
 */
export async function startDev(
  args: string[] = [],
  program: readonly string[] = PROGRAM,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningDev> {
  const child = Bun.spawn([...program, "dev", "--port", "0", ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const bytes of stream) output += decoder.decode(bytes, { stream: true });
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const url = (label: string): string | undefined =>
    new RegExp(`${label}\\s+(http://127\\.0\\.0\\.1:[0-9]+)`).exec(output)?.[1];
  const end = performance.now() + 60_000;
  while (url("Ingress gateway") === undefined || url("Cluster-local") === undefined) {
    if (child.exitCode !== null || performance.now() > end)
      throw new Error(`kyc dev did not start:\n${output}`);
    await Bun.sleep(5);
  }
  return {
    ingress: url("Ingress gateway") ?? "",
    local: url("Cluster-local") ?? "",
    pid: child.pid,
    exited: child.exited.then(async (code) => {
      await reading;
      return code;
    }),
    output: () => output,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
