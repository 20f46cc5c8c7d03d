import { Command, Option } from "commander";
import { EXIT, Failure } from "../exit.ts";
import { dirOption, namespaceOption } from "./options/place-options.ts";
import { duration } from "./options/option-values.ts";
import { onCluster, untilInterrupted } from "./cluster/on-cluster.ts";
import { engineHelp, engineOptions } from "./options/engine-options.ts";
import { formOf, repeated, type SplitFlags } from "./split/flags.ts";
import { OUTPUT_FORMATS } from "../text/data.ts";

/** `kyc split`: who gets which share, and how to change it in the language of kn. */
export function splitCommand(): Command {
  const command = new Command("split")
    .description("shows how a service's requests are split between revisions, and changes it as kn does")
    .argument("<service>", "the Knative Service, such as credit-check")
    .option(
      "--traffic <ref=percent>",
      "gives a tag, a revision or @latest its percent; the rest goes to the one that is missing",
      repeated,
    )
    .option("--tag <revision=tag>", "gives a revision or @latest a tag", repeated)
    .option("--untag <tag>", "takes a tag away; done before --tag, which is done before --traffic", repeated)
    .addOption(
      new Option(
        "--by <form>",
        "how a VirtualService keeps the split: weights, or header:NAME for ranges of the buckets 0000 to 9999 in a header, in steps of 0.01 %",
      ).argParser(formOf),
    )
    .option("--undo", "reverts the last change, and when given again the one before it", false)
    .option("--dry-run", "shows what would change, and for how many requests; changes nothing", false)
    .option(
      "--write",
      "writes the cluster's split into the files as well, as it is or after the change",
      false,
    )
    .option("--allow-missing", "takes names that do not exist, as kn does", false)
    .option(
      "--force",
      "gives traffic to a revision that is not ready, and undoes over another person's change",
      false,
    )
    .option(
      "--from <file>",
      "computes the traffic block that kn would make of the one in a file, and changes nothing",
    )
    .option("--latest <revision>", "with --from: the latest ready revision")
    .addOption(
      new Option("--observe <time>", "how long a cluster's answers are counted when the split is shown")
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
      new Option("--timeout <time>", "how long the data plane may take to apply a change")
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
  ./kyc split credit-check                                      planned, live and observed
  ./kyc split credit-check --traffic basic=90,advanced=10       tags, revisions or @latest
  ./kyc split credit-check --traffic advanced=10 --dry-run      what would change; a lone missing target gets the rest
  ./kyc split credit-check --tag credit-check-v3=v3 --traffic v3=5,basic=95
  ./kyc split credit-check --by header:x-kyc-bucket --traffic advanced=0.01   an applicant stays with a version
  ./kyc split credit-check --by weights                         back to a draw for each request
  ./kyc split credit-check --undo                               back, step by step
  ./kyc split credit-check --engine knative --context minikube
  ./kyc split credit-check --context minikube --write           brings the cluster's split into the files, for git
  ./kyc split credit-check --from knative/credit-check/2-advanced.yaml --latest credit-check-advanced --traffic @latest=100 -o json

The flags mean what they mean to kn service update. When the command ends, every gateway has the split.
Exits with 1 when it refuses a change that would do harm, or when the split was changed by someone else meanwhile;
with 2 when a name or a value is wrong.`;

async function runSplit(service: string, flags: SplitFlags): Promise<void> {
  const { isChange } = await import("./split/flags.ts");
  if (flags.undo && isChange(flags))
    throw new Failure(
      "--undo goes back to a split that was, and takes no --traffic, --tag, --untag or --by.",
      EXIT.usage,
    );
  if (flags.from !== undefined && flags.write)
    throw new Failure(
      "--from computes a block from a file alone: there is no cluster to --write from.",
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
