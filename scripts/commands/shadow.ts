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
    .description("compares a version's answers with those of the one in service, on copies of live requests")
    .argument("<service>", "the Knative Service, such as credit-check")
    .option("--to <tag>", "the candidate: a tag, or a revision that has one")
    .option("--from <tag>", "the control (default: the one with the largest share)")
    .addOption(
      new Option("--percent <number>", "the share of requests that is mirrored")
        .argParser(sharePercent)
        .default(10),
    )
    .addOption(
      new Option("--for <time>", "how long it runs at most")
        .argParser(duration)
        .default(duration("1h"), "1h"),
    )
    .addOption(
      new Option(
        "--accept <limit>",
        "a limit to be kept, such as FIELD.fail<0.1% (repeatable; default: each field's fail and mismatch below 0.1 %, pass below 1 %)",
      )
        .argParser(criterion)
        .default([], "none"),
    )
    .addOption(
      new Option(
        "--repeat <number>",
        "the share of requests for which the control is asked twice, for its own noise",
      )
        .argParser(sharePercent)
        .default(5),
    )
    .option("--to-the-end", "runs for the whole time also when it is decided before", false)
    .option("--stop", "takes back the mirror of a comparison that was killed", false)
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

const STOPPED = "The mirror is taken back.";

const EXAMPLES = `
Examples:
  ./kyc shadow credit-check --to advanced                             a tenth of all requests, for an hour at most
  ./kyc shadow credit-check --to advanced --percent 100 --for 10m
  ./kyc shadow credit-check --to advanced --accept 'backgroundCheckPass.fail<0.1%' --accept 'backgroundCheckPass.pass<1%'
  ./kyc shadow credit-check --to advanced --to-the-end -o json
  ./kyc shadow credit-check --stop                                    after a crash

Copies of requests go to a service that asks both versions by their tags and counts, field by field, how their answers
differ; callers wait for none of it. FIELD.fail is a pass that fails, FIELD.pass a fail that passes, FIELD.mismatch
another value, FIELD.found a finding that only the candidate has. What the file shadow/SERVICE.yaml says is ignored, is.
Both versions get each copied request, so a service that writes something must not be compared so.
Exits with 0 when the candidate is accepted, 1 when it is rejected, 3 when neither is known, 2 when a name or value is wrong.`;

async function run(service: string, flags: ShadowFlags): Promise<void> {
  const { compareInShadow, stopShadow } = await import("./shadow/compare-in-shadow.ts");
  process.exitCode = await (flags.stop ? stopShadow(service, flags) : compareInShadow(service, flags));
}
