import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { exportsTraces } from "../../../functions/shared/telemetry/tracing.ts";
import type { ReadRollouts } from "../../rollout/run/saved-rollouts.ts";
import type { Tracing } from "../../../functions/shared/tracing/open-tracing.ts";
import { EXIT, Failure } from "../../exit.ts";
import { dirOption } from "../options/place-options.ts";
import type { RolloutState } from "../../mesh/admin/schema.ts";
import { InvalidManifests, type Problem } from "../../manifests/problem.ts";
import type { MeshOptions } from "../../mesh/mesh-options.ts";
import type { DevScreen } from "../../terminal/dev-screen.ts";
import { printMessage } from "../../text/print.ts";

/** The longest time to wait at the end for a trace collector. */
const LAST_FLUSH_MS = 1000;

interface DevOptions {
  port: number;
  localPort?: number;
  seed?: number;
  dir: string;
  log: boolean;
  lenient: boolean;
}

/** `kyc dev`: runs the whole system on this machine from its manifests. */
export function devCommand(): Command {
  return new Command("dev")
    .description("runs the whole system on this machine from the files in knative/ and istio/")
    .option("-p, --port <number>", "the port of the ingress gateway; 0 for any free one", portNumber, 8080)
    .option(
      "--local-port <number>",
      "the port of the cluster-local hosts (default: the port after --port)",
      portNumber,
    )
    .option("--seed <number>", "makes the weighted choices repeatable", wholeNumber)
    .addOption(dirOption())
    .option("--lenient", "ignores fields that only a cluster acts on, with a warning for each", false)
    .option("--log", "prints a line for each request", false)
    .addHelpText(
      "after",
      `
Examples:
  ./kyc dev                       on http://127.0.0.1:8080
  ./kyc dev --port 9000 --log     on another port, with a line for each request
  ./kyc dev --seed 7              the same weighted choices at each run

Edit a percentage in a file of knative/ or istio/ while it runs: it applies from the next request on.
Ctrl-C stops everything.`,
    )
    .action(async (options: DevOptions) => {
      process.exitCode = await runDev(options);
    });
}

/** Runs until a signal arrives; returns the exit code. */
async function runDev(options: DevOptions): Promise<number> {
  const interrupted = onSignals();
  const [{ startMesh }, { announceMesh }, { DevScreen: Screen }] = await Promise.all([
    import("../../mesh/mesh.ts"),
    import("../../mesh/admin/dev-file.ts"),
    import("../../terminal/dev-screen.ts"),
  ]);
  const screen = new Screen({ out: process.stdout, err: process.stderr, logRequests: options.log });
  const tracing = await traceMesh(screen);
  const meshOptions: MeshOptions = {
    root: options.dir,
    lenient: options.lenient,
    port: options.port,
    localPort: options.localPort ?? (options.port === 0 ? 0 : options.port + 1),
    seed: options.seed ?? crypto.getRandomValues(new Int32Array(1))[0] ?? 0,
    events: screen,
    rollouts: rolloutsOf(options.dir),
    tracer: tracing?.tracer,
    async metrics() {
      const { rolloutMetrics } = await import("../../rollout/journal/journal-metrics.ts");
      return `${await rolloutMetrics(join(options.dir, ".kyc", "rollouts"))}${tracing?.metrics() ?? ""}\n`;
    },
  };
  const mesh = await startMesh(meshOptions).catch((error: unknown) => {
    throw portProblem(error, options) ?? lenientHint(error, options) ?? error;
  });
  process.on("uncaughtException", (error) => {
    mesh.kill();
    printMessage(Bun.inspect(error));
    process.exit(EXIT.failed);
  });
  const { port, localPort } = mesh;
  process.on("exit", await announceMesh({ port, localPort, pid: process.pid, root: meshOptions.root }));
  screen.start(mesh);
  await interrupted.first;
  screen.say("stopping after the requests in flight; press Ctrl-C again to stop at once");
  void interrupted.second.then(() => {
    mesh.kill();
    process.exit(EXIT.interrupted);
  });
  await mesh.stop();
  await Promise.race([tracing?.flush(), Bun.sleep(LAST_FLUSH_MS)]);
  return EXIT.interrupted;
}

/** The rollouts of a folder, for the live page. */
function rolloutsOf(dir: string): (nowMs: number) => Promise<RolloutState[]> {
  const read: ReadRollouts = new Map();
  return async (nowMs) => {
    const { currentRollouts } = await import("../../rollout/run/saved-rollouts.ts");
    return currentRollouts(join(dir, ".kyc", "rollouts"), nowMs, read);
  };
}

/** Exports a span for each request of the mesh, if the environment configures it. */
async function traceMesh(screen: DevScreen): Promise<Tracing | undefined> {
  if (!exportsTraces(process.env)) return undefined;
  const { openTracing } = await import("../../../functions/shared/tracing/open-tracing.ts");
  const say = (message: string, fields: object = {}): void =>
    screen.say([message, ...Object.values(fields).map(String)].join(": "));
  return openTracing({
    env: process.env,
    service: "kyc-mesh",
    version: undefined,
    log: { info: say, error: say },
  });
}

function onSignals(): { first: Promise<void>; second: Promise<void> } {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let count = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => (count++ === 0 ? first : second).resolve());
  }
  return { first: first.promise, second: second.promise };
}

function portProblem(error: unknown, { port, localPort }: DevOptions): Failure | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    const ports = `${port} or ${localPort ?? port + 1}`;
    return new Failure(
      `Port ${ports} on 127.0.0.1 is in use. Choose another port, for example: ./kyc dev --port 9000`,
    );
  }
  if (code === "EACCES")
    return new Failure(
      `Port ${port} needs privileges. Choose a port above 1023, for example: ./kyc dev --port 8080`,
    );
  return undefined;
}

/** The errors of manifests. If all of them concern fields that only a cluster supports, the message mentions `--lenient`. */
function lenientHint(error: unknown, { lenient }: DevOptions): Failure | undefined {
  if (lenient || !(error instanceof InvalidManifests)) return undefined;
  const isForCluster = ({ code, near }: Problem): boolean =>
    code === "local-mesh" || code === "cluster-form" || (code === "unknown-kind" && near === undefined);
  if (!error.problems.every(isForCluster)) return undefined;
  return new Failure(
    `${error.message}\nOnly a cluster serves this. ./kyc dev --lenient leaves it out and serves everything else.`,
  );
}

function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port < 0 || port > 65535) throw new InvalidArgumentError("A port is a whole number from 0 to 65535.");
  return port;
}

function wholeNumber(text: string): number {
  if (!/^-?[0-9]{1,10}$/.test(text)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(text);
}
