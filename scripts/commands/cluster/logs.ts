import { Command, InvalidArgumentError, Option } from "commander";
import { type ClusterFlags, withClusterOptions } from "../options/cluster-options.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { Failure } from "../../exit.ts";
import { print, printMessage } from "../../text/print.ts";
import { printable } from "../../text/printable.ts";
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
    .description("shows the logs of the services")
    .argument("[service]", "a Knative Service (default: all)")
    .option("--revision <name>", "only this revision")
    .option("-f, --follow", "keeps printing new lines, also of new pods, until Ctrl-C", false)
    .option("--tail <lines>", "how many earlier lines to show for each pod", lineCount, 50)
    .addOption(
      new Option("-p, --previous", "the logs of the containers before their last restart")
        .default(false)
        .conflicts("follow"),
    )
    .addHelpText(
      "after",
      `
Examples:
  ./kyc logs                                            the last lines of each pod
  ./kyc logs checkout -f                                follows one service
  ./kyc logs checkout --revision checkout-v1 --tail 500
  ./kyc logs checkout --previous                        of the containers before their last restart
  ./kyc logs -o json                                    one JSON object per line, with revision and pod`,
    )
    .action((service: string | undefined, flags: LogsFlags) => onCluster(() => runLogs(service, flags)));
  return withClusterOptions(command);
}

async function runLogs(service: string | undefined, flags: LogsFlags): Promise<void> {
  const signal = untilInterrupted();
  await refuseMesh(flags);
  const [{ connect }, { Kube }, { readLogs }, { styleFor }] = await Promise.all([
    import("../../cluster/kube/connection.ts"),
    import("../../cluster/kube/client.ts"),
    import("../../cluster/workload/logs.ts"),
    import("../../terminal/style.ts"),
  ]);
  const kube = new Kube(connect({ context: flags.context }));
  const style = styleFor(process.stdout);
  const { namespace, revision, tail, follow, previous } = flags;
  const selected = { namespace, service, revision, tail, follow, previous, signal };
  const printEach = flags.output && (await dataPrinter(flags.output));
  const pods = await readLogs(kube, selected, (line) => {
    if (printEach !== undefined) printEach(line);
    else print(`${style.dim(`[${line.revision}]`)} ${printable(line.text)}`);
  });
  if (pods === 0 && !signal.aborted)
    printMessage(
      `No pod of ${revision ?? service ?? namespace} is running: it is scaled to zero or not deployed.`,
    );
}

/** The local mesh keeps no logs. @throws Failure where it runs, and no cluster was named */
async function refuseMesh({ context, dir }: LogsFlags): Promise<void> {
  if (context !== undefined) return;
  const { findMesh } = await import("../../mesh/admin/dev-file.ts");
  if ((await findMesh(dir)) === undefined) return;
  throw new Failure(
    "The local mesh is running, and its logs are on the terminal of ./kyc dev. For a cluster, use --context NAME.",
  );
}

function lineCount(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(text);
}
