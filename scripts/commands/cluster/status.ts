import { Command } from "commander";
import { type ClusterFlags, withClusterOptions } from "../options/cluster-options.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";
import { Failure } from "../../exit.ts";
import type { Kube } from "../../cluster/kube/client.ts";
import { print } from "../../text/print.ts";
import { dataPrinter, printData } from "../../text/data.ts";

interface StatusFlags extends ClusterFlags {
  watch: boolean;
}

/** `kyc status`: services, revisions and pods, and the share of each revision. */
export function statusCommand(): Command {
  const command = new Command("status")
    .description("shows services, revisions and pods, and which engine carries the split")
    .option("-w, --watch", "updates on each change, until Ctrl-C", false)
    .addHelpText(
      "after",
      `
Examples:
  ./kyc status            the local mesh if it runs, else the current context
  ./kyc status -w         updated on each change
  ./kyc status --context minikube
  ./kyc status -o json    as data; with -w, one line for each change`,
    )
    .action((flags: StatusFlags) => onCluster(() => runStatus(flags)));
  return withClusterOptions(command, "the local mesh if it runs, else the current context");
}

async function runStatus(flags: StatusFlags): Promise<void> {
  const signal = untilInterrupted();
  if (flags.context === undefined) {
    const { findMesh } = await import("../../mesh/admin/dev-file.ts");
    if ((await findMesh(flags.dir)) !== undefined) return showMesh(flags, signal);
  }
  const [{ readStatus, followStatus }, { drawStatus }, { LiveTree }, { styleFor }] = await Promise.all([
    import("../../cluster/live/status.ts"),
    import("../../terminal/cluster/draw-workload.ts"),
    import("../../terminal/live-tree.ts"),
    import("../../terminal/style.ts"),
  ]);
  const { namespace, output, watch } = flags;
  const kube = await clusterOf(flags);
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

/** @throws Failure where neither a cluster is configured nor a local mesh runs */
async function clusterOf({ context, dir }: StatusFlags): Promise<Kube> {
  const [{ kubeOfContext }, { NoCluster }] = await Promise.all([
    import("../../cluster/kube/kube-of-context.ts"),
    import("../../cluster/kubeconfig/kubeconfig.ts"),
  ]);
  try {
    return kubeOfContext(context);
  } catch (error) {
    if (context !== undefined || !(error instanceof NoCluster)) throw error;
    throw new Failure(`No local mesh runs from ${dir}: ./kyc dev starts one. ${error.message}`);
  }
}

/** How often a watched mesh is polled, in milliseconds. */
const ASK_EVERY_MS = 1_000;

/** Shows the local mesh; with `--watch` until it ends or the signal comes. */
async function showMesh({ dir, output, watch }: StatusFlags, signal: AbortSignal): Promise<void> {
  const [{ readMeshState }, { drawMeshStatus }, { LiveTree }, { styleFor }, { pause }, { NothingRuns }] =
    await Promise.all([
      import("../../mesh/admin/running-mesh.ts"),
      import("../../terminal/draw-mesh-status.ts"),
      import("../../terminal/live-tree.ts"),
      import("../../terminal/style.ts"),
      import("../../cluster/kube/pause.ts"),
      import("../../traffic/split/split.ts"),
    ]);
  const style = styleFor(process.stdout);
  const printEach = output && (await dataPrinter(output));
  const read = async () => {
    const { root, port, gateways, services, problems, waiting, rollouts } = await readMeshState(
      { root: dir },
      signal,
    );
    return { root, port, gateways, services, problems, waiting, rollouts };
  };
  const tree = new LiveTree({ stream: process.stdout });
  try {
    do {
      const status = await read();
      if (!watch && output !== undefined) return await printData(status, output);
      if (!watch) return print(drawMeshStatus(status, style).join("\n"));
      if (printEach !== undefined) printEach(status);
      else tree.update(drawMeshStatus(status, style));
      await pause(ASK_EVERY_MS, signal);
    } while (!signal.aborted);
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof NothingRuns ? new Failure(error.message) : error;
  } finally {
    tree.end();
  }
}
