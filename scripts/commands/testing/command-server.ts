/**
 * Runs commands of `kyc` one after another in this process, which its parent requests by IPC. Tests use it to avoid the
 * start of a process for each command, about one second of processor time (see kyc-process.ts).
 */

/** A command that the parent requests, one at a time. */
export interface CommandRequest {
  /** Unique. */
  id: number;
  /** All environment variables of the command. */
  env: Readonly<Record<string, string>>;
  args: readonly string[];
}

/** How a command ended. */
export interface CommandResult {
  code: number;
  out: string;
  err: string;
}

if (import.meta.main) {
  // Commands that handle signals do so until their process ends.
  process.setMaxListeners(0);
  process.on("disconnect", () => process.exit());
  process.on("message", (request: CommandRequest) => {
    void runCommand(request).then((result) => process.send?.(result));
  });
}

/** Evaluates kyc.ts again, which reads `process.argv`; the modules that it imports stay loaded. */
async function runCommand({ id, env, args }: CommandRequest): Promise<CommandResult> {
  const written = { out: "", err: "" };
  console.log = (text: string) => void (written.out += `${text}\n`);
  process.stdout.write = (text: string | Uint8Array) => write("out", text);
  process.stderr.write = (text: string | Uint8Array) => write("err", text);
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(env, name)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv = [...process.argv.slice(0, 2), ...args];
  process.exitCode = 0;
  await import(`../../kyc.ts?${id}`);
  return { code: Number(process.exitCode), ...written };

  function write(stream: "out" | "err", text: string | Uint8Array): boolean {
    written[stream] += typeof text === "string" ? text : new TextDecoder().decode(text);
    return true;
  }
}
