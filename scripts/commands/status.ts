import { Command } from "commander";
import type { Kube } from "../cluster/kube/client.ts";
import type { ServiceView } from "../cluster/workload/view.ts";
import { type ClusterFlags, withClusterOptions } from "./cluster-options.ts";
import { onCluster, untilInterrupted } from "./on-cluster.ts";

interface StatusFlags extends ClusterFlags {
  watch: boolean;
}

/** `kyc status`: what runs, and who gets which share. */
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
  ./kyc status -o json    as data`,
    )
    .action((flags: StatusFlags) => onCluster(() => runStatus(flags)));
  return withClusterOptions(command);
}

async function runStatus(flags: StatusFlags): Promise<void> {
  const signal = untilInterrupted();
  const [{ connect }, { Kube }, { readWorkload, followWorkload }] = await Promise.all([
    import("../cluster/kube/connection.ts"),
    import("../cluster/kube/client.ts"),
    import("../cluster/workload/follow.ts"),
  ]);
  const kube = new Kube(connect({ context: flags.context }));
  const { namespace } = flags;
  if (!flags.watch) {
    const services = await readWorkload(kube, namespace);
    const split = await readSplit(kube, namespace);
    if (flags.output === "json") return console.log(JSON.stringify({ services, split }, undefined, 2));
    return console.log((await draw(services, split)).join("\n"));
  }
  const { LiveTree } = await import("../terminal/live-tree.ts");
  const tree = new LiveTree({ stream: process.stdout });
  await followWorkload(kube, namespace, signal, (services) => {
    if (flags.output === "json") return console.log(JSON.stringify({ services }));
    void readSplit(kube, namespace).then(async (split) => tree.update(await draw(services, split)));
  });
  tree.end();
}

interface Split {
  by: string;
  shares: Record<string, number>;
}

async function readSplit(kube: Kube, namespace: string): Promise<Split | undefined> {
  const [{ readLivePlan }, { liveSplit }] = await Promise.all([
    import("../cluster/live/plan.ts"),
    import("../cluster/live/split.ts"),
  ]);
  const split = liveSplit(await readLivePlan(kube, namespace, "example.com"), namespace);
  return split && { by: split.by, shares: Object.fromEntries(split.shares) };
}

async function draw(services: readonly ServiceView[], split: Split | undefined): Promise<string[]> {
  const [{ drawWorkload }, { styleFor }] = await Promise.all([
    import("../terminal/draw-workload.ts"),
    import("../terminal/style.ts"),
  ]);
  const style = styleFor(process.stdout);
  const lines = drawWorkload(services, style);
  if (split === undefined) return lines;
  const shares = Object.entries(split.shares).map(
    ([name, share]) => `${name} ${Math.round(share * 1000) / 10} %`,
  );
  return [...lines, "", `${style.bold("split")}  by ${split.by}: ${shares.join(", ")}`];
}
