import { Command, InvalidArgumentError, Option } from "commander";
import { type ClusterFlags, withClusterOptions } from "../options/cluster-options.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { EXIT, Failure } from "../../exit.ts";
import { print, printMessage } from "../../text/print.ts";
import { printable } from "../../text/printable.ts";
import type { Style } from "../../terminal/style.ts";
import { dataPrinter } from "../../text/data.ts";

interface LogsFlags extends ClusterFlags {
  revision?: string;
  follow: boolean;
  tail: number;
  previous: boolean;
}

/** `kyc logs`: the logs of the services, each line with its revision. */
export function logsCommand(): Command {
  const command = new Command("logs")
    .description("shows the logs of the services, of the local mesh or a cluster")
    .argument("[service]", "the service (default: all)")
    .option("--revision <name>", "only this revision; on the local mesh by name or tag")
    .option("-f, --follow", "keeps printing new lines, also of new pods, until Ctrl-C", false)
    .option(
      "--tail <lines>",
      "how many earlier lines to show for each pod, or revision of the local mesh",
      lineCount,
      50,
    )
    .addOption(
      new Option("-p, --previous", "the logs of the containers before their last restart")
        .default(false)
        .conflicts("follow"),
    )
    .addHelpText(
      "after",
      `
Examples:
  ./kyc logs                                            the last lines of the local mesh if it runs, else of each pod
  ./kyc logs checkout -f                                follows one service
  ./kyc logs checkout --revision checkout-v1 --tail 500
  ./kyc logs checkout --previous                        of the containers before their last restart
  ./kyc logs -o json                                    one JSON object per line, with revision and pod`,
    )
    .action((service: string | undefined, flags: LogsFlags) => onCluster(() => runLogs(service, flags)));
  return withClusterOptions(command, "the local mesh if it runs, else the current context");
}

async function runLogs(service: string | undefined, flags: LogsFlags): Promise<void> {
  const signal = untilInterrupted();
  if (await printMeshLogs(service, flags, signal)) return;
  const [{ kubeOfContext }, { readLogs }, { styleFor }] = await Promise.all([
    import("../../cluster/kube/kube-of-context.ts"),
    import("../../cluster/workload/logs.ts"),
    import("../../terminal/style.ts"),
  ]);
  const kube = kubeOfContext(flags.context);
  const style = styleFor(process.stdout);
  const { namespace, revision, tail, follow, previous } = flags;
  const selected = { namespace, service, revision, tail, follow, previous, signal };
  const printEach = flags.output && (await dataPrinter(flags.output));
  const pods = await readLogs(kube, selected, (line) => {
    if (printEach !== undefined) printEach(line);
    else printLine(line, style);
  });
  if (pods === 0 && !signal.aborted)
    printMessage(
      `No pod of ${revision ?? service ?? namespace} is running: it is scaled to zero or not deployed.`,
    );
}

/** Prints the lines of the local mesh, unless a cluster was named or none runs; returns whether it did. */
async function printMeshLogs(
  service: string | undefined,
  flags: LogsFlags,
  signal: AbortSignal,
): Promise<boolean> {
  const { context, dir, revision, tail, follow, previous, output } = flags;
  if (context !== undefined) return false;
  const { findMesh } = await import("../../mesh/admin/dev-file.ts");
  if ((await findMesh(dir)) === undefined) return false;
  if (previous)
    throw new Failure(
      "The local mesh keeps the lines of a process after its restart: leave out --previous, or name a cluster with --context NAME.",
    );
  const [{ readMeshLogs }, { styleFor }, { NothingRuns, UnknownService }] = await Promise.all([
    import("../../mesh/admin/mesh-logs.ts"),
    import("../../terminal/style.ts"),
    import("../../traffic/split/split.ts"),
  ]);
  const style = styleFor(process.stdout);
  const printEach = output && (await dataPrinter(output));
  try {
    const count = await readMeshLogs({ root: dir }, { service, revision, tail, follow, signal }, (line) => {
      if (printEach !== undefined) printEach(line);
      else printLine(line, style);
    });
    if (count === 0 && !follow)
      printMessage(`No log line of ${revision ?? service ?? "the local mesh"} so far.`);
  } catch (error) {
    if (error instanceof UnknownService) throw new Failure(error.message, EXIT.usage);
    throw error instanceof NothingRuns ? new Failure(error.message) : error;
  }
  return true;
}

function printLine({ revision, text }: { revision: string; text: string }, style: Style): void {
  print(`${style.dim(`[${revision}]`)} ${printable(text)}`);
}

function lineCount(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(text);
}
