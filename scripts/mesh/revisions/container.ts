/** Programs that run the image of a container, in the order in which they are tried. */
const RUNTIMES = ["docker", "podman"] as const;
export type ContainerRuntime = (typeof RUNTIMES)[number];

/**
 * Returns the first runtime that is on the PATH and answers; undefined if none does.
 * @param answers whether a command exists and succeeds
 */
export async function containerRuntime(
  answers: (command: readonly string[]) => Promise<boolean> = succeeds,
): Promise<ContainerRuntime | undefined> {
  for (const name of RUNTIMES) {
    // It fails if Docker's daemon does not run.
    if (await answers([name, "version"])) return name;
  }
  return undefined;
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  if (Bun.which(command[0] ?? "") === null) return false;
  return (await Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"] }).exited) === 0;
}

/** Set for every process of a revision, and passed on into its container. */
const OF_EVERY_PROCESS = ["HOST", "PORT", "HTTP_PROXY", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

/**
 * Returns the command that runs an image like a process: on this machine's network, so that it listens on PORT and
 * reaches the mesh. Variables are named without their values, which would show in the list of processes.
 */
export function containerCommand(
  runtime: ContainerRuntime,
  image: string,
  env: Readonly<Record<string, string>>,
): string[] {
  const names = [...new Set([...OF_EVERY_PROCESS, ...Object.keys(env)])];
  const variables = names.flatMap((name) => ["--env", name]);
  return [runtime, "run", "--rm", "--init", "--network", "host", ...variables, image];
}
