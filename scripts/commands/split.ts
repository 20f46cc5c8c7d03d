import { Command, Option } from "commander";
import { EXIT, Failure } from "../exit.ts";
import { dirOption, namespaceOption } from "./options/place-options.ts";
import { duration } from "./options/option-values.ts";
import { onCluster, untilInterrupted } from "./cluster/on-cluster.ts";
import { engineHelp, engineOptions } from "./options/engine-options.ts";
import { formOf, repeated, type SplitFlags } from "./split/flags.ts";
import { OUTPUT_FORMATS } from "../text/data.ts";

/** `kyc split`: shows and changes a split, with the flags of kn. */
export function splitCommand(): Command {
  const command = new Command("split")
    .description(
      "shows how a service's requests are split between revisions, and changes the split as kn does",
    )
    .argument("<service>", "the Knative Service, such as checkout")
    .option(
      "--traffic <ref=percent>",
      "sets the percent of a tag, a revision or @latest; a single missing one gets the rest",
      repeated,
    )
    .option("--tag <revision=tag>", "adds a tag to a revision or @latest", repeated)
    .option(
      "--untag <tag>",
      "removes a tag; applied before --tag, which is applied before --traffic",
      repeated,
    )
    .addOption(
      new Option(
        "--by <form>",
        "how a VirtualService expresses the split: weights, or header:NAME for ranges of the buckets 0000 to 9999 in a header, in steps of 0.01 %",
      ).argParser(formOf),
    )
    .option("--undo", "reverts the last change; if repeated, the one before it", false)
    .option("--dry-run", "shows what would change, and for how many requests, and changes nothing", false)
    .option(
      "--write",
      "also writes the cluster's split, after the change if there is one, into the files",
      false,
    )
    .option("--allow-missing", "accepts names that do not exist, as kn does", false)
    .option(
      "--force",
      "allows traffic to a revision that is not ready, and --undo over another person's change",
      false,
    )
    .option(
      "--from <file>",
      "computes the traffic block that kn would make from the one in this file, and changes nothing",
    )
    .option("--latest <revision>", "with --from: the latest ready revision")
    .addOption(
      new Option("--observe <time>", "how long to count a cluster's responses when the split is shown")
        .argParser(duration)
        .default(duration("3s"), "3s"),
    )
    .option(
      "--context <name>",
      "a kubeconfig context (default: the local mesh if it runs, else the current context)",
    )
    .addOption(dirOption())
    .addOption(namespaceOption())
    .addOption(
      new Option("--timeout <time>", "how long gateways and sidecars may take to apply a change")
        .argParser(duration)
        .default(duration("60s"), "60s"),
    )
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText("after", `${EXAMPLES}\n${engineHelp()}`)
    .action((service: string, flags: SplitFlags) => onCluster(() => runSplit(service, flags)));
  for (const option of engineOptions()) command.addOption(option);
  return command;
}

const EXAMPLES = `
Examples:
  ./kyc split checkout                                    planned, live and observed
  ./kyc split checkout --traffic v1=90,v2=10              by tag, revision or @latest
  ./kyc split checkout --traffic v2=10 --dry-run          what would change; a single missing target gets the rest
  ./kyc split checkout --tag checkout-v3=v3 --traffic v3=5,v1=95
  ./kyc split checkout --by header:x-bucket --traffic v2=0.01   each bucket stays with one version
  ./kyc split checkout --by weights                       back to a random choice for each request
  ./kyc split checkout --undo                             reverts the last change
  ./kyc split checkout --engine knative --context minikube
  ./kyc split checkout --context minikube --write         writes the cluster's split into the files, for git
  ./kyc split checkout --from checkout.yaml --latest checkout-v2 --traffic @latest=100 -o json

--traffic, --tag and --untag work as in kn service update. When the command ends, every gateway has the split.
Exits with 1 if it refuses a harmful change, or if another writer changed the split meanwhile; with 2 if a name or a
value is wrong.`;

async function runSplit(service: string, flags: SplitFlags): Promise<void> {
  const { isChange } = await import("./split/flags.ts");
  if (flags.undo && isChange(flags))
    throw new Failure(
      "--undo restores an earlier split: it cannot be combined with --traffic, --tag, --untag or --by.",
      EXIT.usage,
    );
  if (flags.from !== undefined && flags.write)
    throw new Failure(
      "--from computes a traffic block from a file, without a cluster: it cannot be combined with --write.",
      EXIT.usage,
    );
  if (flags.from !== undefined) {
    const { splitOffline } = await import("./split/offline.ts");
    return splitOffline(service, { ...flags, from: flags.from });
  }
  const signal = untilInterrupted();
  if (isChange(flags) || flags.undo) {
    const { changeSplit } = await import("./split/change.ts");
    return changeSplit(service, flags, signal);
  }
  if (flags.write) {
    const { writeSplit } = await import("./split/write.ts");
    return writeSplit(service, flags);
  }
  const { showSplit } = await import("./split/show.ts");
  return showSplit(service, flags, signal);
}
