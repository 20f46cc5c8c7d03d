import { Command } from "commander";
import { type ClusterFlags, withClusterOptions } from "../options/cluster-options.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { print } from "../../text/print.ts";
import { dataPrinter, printData } from "../../text/data.ts";

interface StatusFlags extends ClusterFlags {
  watch: boolean;
}

/** `kyc status`: what runs, and the share of each revision. */
export function statusCommand(): Command {
  const command = new Command("status")
    .description("shows services, revisions and pods, and who decides the split")
    .option("-w, --watch", "goes on with each change, until Ctrl-C", false)
    .addHelpText(
      "after",
      `
Examples:
  ./kyc status            as it is now
  ./kyc status -w         with each change
  ./kyc status -o json    as data; with -w, a line for each change`,
    )
    .action((flags: StatusFlags) => onCluster(() => runStatus(flags)));
  return withClusterOptions(command);
}

async function runStatus(flags: StatusFlags): Promise<void> {
  const signal = untilInterrupted();
  const [{ connect }, { Kube }, { readStatus, followStatus }, { drawStatus }, { LiveTree }, { styleFor }] =
    await Promise.all([
      import("../../cluster/kube/connection.ts"),
      import("../../cluster/kube/client.ts"),
      import("../../cluster/live/status.ts"),
      import("../../terminal/cluster/draw-workload.ts"),
      import("../../terminal/live-tree.ts"),
      import("../../terminal/style.ts"),
    ]);
  const { namespace, output, watch } = flags;
  const kube = new Kube(connect({ context: flags.context }));
  const style = styleFor(process.stdout);
  const { splitCallOf, readChecks } = await import("../../cluster/checks-file.ts");
  const call = splitCallOf(await readChecks(flags.dir));
  if (!watch) {
    const status = await readStatus(kube, namespace, call);
    if (output !== undefined) return await printData(status, output);
    return print(drawStatus(status, style).join("\n"));
  }
  const printEach = output && (await dataPrinter(output));
  const tree = new LiveTree({ stream: process.stdout });
  try {
    await followStatus(kube, namespace, { signal, call }, (status) => {
      if (printEach !== undefined) printEach(status);
      else tree.update(drawStatus(status, style));
    });
  } finally {
    tree.end();
  }
}
