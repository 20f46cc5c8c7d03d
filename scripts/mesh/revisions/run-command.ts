/**
 * Runs the command in its arguments and ends with its exit code. Started by Bun with `--no-orphans`, it takes the command
 * down with it when the local mesh is gone.
 */
const [, , ...command] = process.argv;
const child = Bun.spawn(command, { stdio: ["ignore", "inherit", "inherit"] });
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
process.exitCode = await child.exited;
