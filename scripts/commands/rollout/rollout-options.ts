import { Option } from "commander";
import {
  criterion,
  duration,
  probability,
  sharePercent,
  shareOfRequests,
  surplus,
} from "../options/option-values.ts";
import { dirOption, namespaceOption } from "../options/place-options.ts";
import { engineOptions } from "../options/engine-options.ts";
import { check, COMMANDS, controlPercent, freezeWindow, notifyAddress, percents, preview } from "./flags.ts";
import { OUTPUT_FORMATS } from "../../text/data.ts";

/** The options of `kyc rollout`, in the order of its help. */
export function rolloutOptions(): Option[] {
  return [...planOptions(), ...controlOptions(), ...placeOptions()];
}

function planOptions(): Option[] {
  return [
    new Option(
      "-f, --file <plan>",
      "a file with the plan, such as rollouts/NAME.yaml; flags override its values",
    ),
    new Option("--to <tag>", "the candidate: a tag or a revision"),
    new Option("--from <tag>", "the baseline (default: the one with the largest share)"),
    new Option(
      "--steps <percents>",
      "the candidate's percent at each step, up to 100; whole, or with two decimals for a split by buckets",
    )
      .argParser(percents)
      .default([1, 5, 10, 25, 50, 100], "1,5,10,25,50,100"),
    time("--step-time <time>", "the shortest time of a step", "20s"),
    time("--step-limit <time>", "how long a step may be undecided", "15m"),
    new Option("--on-undecided <what>", "the action when --step-limit is reached")
      .choices(["hold", "advance", "abort"])
      .default("hold"),
    time("--bake <time>", "how long the candidate is judged before it gets all traffic", "2m"),
    new Option("--control <percent>", "the share of the baseline during --bake, for comparison")
      .argParser(controlPercent)
      .default(20, "20%"),
    new Option("--approve-at <percents>", "steps that wait for an --approve by another person")
      .argParser(percents)
      .default([], "none"),
    new Option(
      "--not-between <window>",
      "a time in which no step begins: 'Fri 16:00-Mon 08:00 Europe/Berlin' (repeatable)",
    )
      .argParser(freezeWindow)
      .default([], "none"),
    new Option(
      "--notify <url>",
      "sends a CloudEvent for each transition to this URL; with the prefix slack: or teams:, a chat message to a webhook (repeatable; default: $K_SINK)",
    )
      .argParser(notifyAddress)
      .default([], "none"),
    time("--ready-deadline <time>", "how long the candidate may take to become ready", "5m"),
    time("--look <time>", "how long to observe traffic for the plan", "5s"),
    new Option(
      "--alpha <probability>",
      "the probability of rolling back a candidate that is no worse than tolerated",
    )
      .argParser(probability)
      .default(0.01),
    new Option("--beta <probability>", "the probability of calling a harmful step healthy")
      .argParser(probability)
      .default(0.05),
    new Option("--tolerate-errors <more>", "the tolerated increase of the error rate: 10% or 1.1")
      .argParser(surplus)
      .default(0, "no more"),
    new Option("--tolerate-error-rate <share>", "the error rate below which nothing is a regression: 0.1%")
      .argParser(shareOfRequests)
      .default(0, "none"),
    new Option("--tolerate-latency <more>", "the tolerated increase of latency: 25% or 1.25")
      .argParser(surplus)
      .default(0.25, "25%"),
    time("--latency-floor <time>", "latencies below this count as equal", "5ms"),
    new Option(
      "--check <name=what>",
      "a further value to compare: a field of responses, json:$.PATH or header:NAME, or a PromQL query with $revision for the revision, whose larger values are worse (repeatable)",
    )
      .argParser(check)
      .default([], "none"),
    new Option("--check-prometheus <url>", "the Prometheus for --check (default: that of --prometheus)"),
    new Option(
      "--preview <how>",
      "a stage before the first percent, in which only some callers reach the candidate: header:NAME=VALUE for requests with this header, or tag for requests to its tag's address",
    ).argParser(preview),
    new Option("--preview-for <time>", "how long the preview takes (default: 10m)").argParser(duration),
    new Option(
      "--by-route",
      "also judges each method and path separately, to find a candidate that fails on only one",
    ).default(false),
    new Option("--warm-path <path>", "the path of the warm-up requests to the candidate").default("/readyz"),
    new Option(
      "--shadow <time>",
      "first compares the candidate's answers on mirrored requests, for at most this long",
    ).argParser(duration),
    new Option("--shadow-percent <number>", "with --shadow: the percent of requests to mirror")
      .argParser(sharePercent)
      .default(10),
    new Option(
      "--accept <limit>",
      "with --shadow: a limit that must hold, such as FIELD.fail<0.1% (repeatable)",
    )
      .argParser(criterion)
      .default([], "those of ./kyc shadow"),
    new Option("--dry-run", "shows the plan, or with --in-cluster the objects, and changes nothing").default(
      false,
    ),
  ];
}

function controlOptions(): Option[] {
  const each = Object.entries(COMMANDS).map(([name, what]) => {
    return new Option(`--${name}`, what).conflicts([
      "to",
      ...Object.keys(COMMANDS).filter((other) => other !== name),
    ]);
  });
  return [
    ...each,
    new Option("--status", "shows the current or the last rollout").default(false).conflicts(["to"]),
    new Option("--report", "writes the report of the current or the last rollout")
      .default(false)
      .conflicts(["to"]),
    new Option("--reason <text>", "the reason, for the audit log").default(""),
    new Option(
      "--by <person>",
      "the person who starts, approves or decides, for the audit log (default: the user)",
    ),
    new Option(
      "--overwrite",
      "with --resume, --abort or --back: overwrites a split that another person set",
    ).default(false),
  ];
}

function placeOptions(): Option[] {
  return [
    ...engineOptions(),
    new Option(
      "--context <name>",
      "a kubeconfig context (default: the local mesh if it runs, else the current context)",
    ),
    namespaceOption(),
    new Option("--write", "also writes the final split into the files, for git").default(false),
    new Option("--in-cluster", "runs as a Job on the cluster").default(false),
    new Option("--image <name>", "with --in-cluster: the image of this command"),
    dirOption(),
    new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS),
  ];
}

function time(flags: string, what: string, byDefault: string): Option {
  return new Option(flags, what).argParser(duration).default(duration(byDefault), byDefault);
}
