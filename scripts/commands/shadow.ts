import { Command, Option } from "commander";
import { OUTPUT_FORMATS } from "../text/data.ts";
import { onCluster } from "./cluster/on-cluster.ts";
import { engineOption } from "./options/engine-options.ts";
import { criterion, duration, sharePercent } from "./options/option-values.ts";
import { dirOption, namespaceOption } from "./options/place-options.ts";
import type { ShadowFlags } from "./shadow/flags.ts";

/** `kyc shadow`: compares a candidate's answers with the control's on mirrored requests. */
export function shadowCommand(): Command {
  return new Command("shadow")
    .description("compares the answers of two versions on copies of live requests")
    .argument("<service>", "the Knative Service, such as checkout")
    .option("--to <tag>", "the candidate: a tag, or a revision that has one")
    .option("--from <tag>", "the control (default: the revision with the largest share)")
    .addOption(
      new Option("--percent <number>", "the percent of requests to mirror")
        .argParser(sharePercent)
        .default(10),
    )
    .addOption(
      new Option("--for <time>", "the longest time that it runs")
        .argParser(duration)
        .default(duration("1h"), "1h"),
    )
    .addOption(
      new Option(
        "--accept <limit>",
        "a limit that must hold, such as FIELD.fail<0.1% (repeatable; default: for each field fail and mismatch below 0.1 %, pass below 1 %)",
      )
        .argParser(criterion)
        .default([], "none"),
    )
    .addOption(
      new Option(
        "--repeat <number>",
        "the percent of requests that the control gets twice, to measure its own noise",
      )
        .argParser(sharePercent)
        .default(5),
    )
    .option("--to-the-end", "runs for the whole time even if the verdict is known earlier", false)
    .option("--stop", "removes the mirror of a comparison that was killed", false)
    .addOption(engineOption())
    .option(
      "--context <name>",
      "a kubeconfig context (default: the local mesh if it runs, else the current context)",
    )
    .addOption(dirOption())
    .addOption(namespaceOption())
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS))
    .addHelpText("after", EXAMPLES)
    .action((service: string, flags: ShadowFlags) => onCluster(() => run(service, flags), STOPPED));
}

const STOPPED = "The mirror is removed.";

const EXAMPLES = `
Examples:
  ./kyc shadow checkout --to v2                     10 % of all requests, for at most an hour
  ./kyc shadow checkout --to v2 --percent 100 --for 10m
  ./kyc shadow checkout --to v2 --accept 'approved.fail<0.1%' --accept 'approved.pass<1%'
  ./kyc shadow checkout --to v2 --to-the-end -o json
  ./kyc shadow checkout --stop                      removes the mirror after a crash

Copies of requests go to a service that calls both versions by their tags and counts, field by field, how their answers
differ. Callers do not wait for it. FIELD.fail counts passes that fail with the candidate, FIELD.pass failures that pass,
FIELD.mismatch other differences, FIELD.found findings that only the candidate has. The file shadow/SERVICE.yaml names
fields to ignore. Both versions get each copied request, so do not compare services that write data.
Exits with 0 if the candidate is accepted, 1 if it is rejected, 3 if undecided, 2 if a name or a value is wrong.`;

async function run(service: string, flags: ShadowFlags): Promise<void> {
  const { compareInShadow, stopShadow } = await import("./shadow/compare-in-shadow.ts");
  process.exitCode = await (flags.stop ? stopShadow(service, flags) : compareInShadow(service, flags));
}
