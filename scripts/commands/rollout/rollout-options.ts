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
import { check, COMMANDS, controlPercent, freezeWindow, notifyAddress, percents } from "./flags.ts";
import { OUTPUT_FORMATS } from "../../text/data.ts";

/** The options of `kyc rollout`, in the order of its help. */
export function rolloutOptions(): Option[] {
  return [...planOptions(), ...controlOptions(), ...placeOptions()];
}

function planOptions(): Option[] {
  return [
    new Option(
      "-f, --file <plan>",
      "a file with the plan, as rollouts/NAME.yaml; flags go before its values",
    ),
    new Option("--to <tag>", "the candidate: a tag or a revision"),
    new Option("--from <tag>", "the baseline (default: the one with the largest share)"),
    new Option(
      "--steps <percents>",
      "the candidate's shares, up to 100; whole, or down to 0.01 where buckets decide",
    )
      .argParser(percents)
      .default([1, 5, 10, 25, 50, 100], "1,5,10,25,50,100"),
    time("--step-time <time>", "the shortest time of a step", "20s"),
    time("--step-limit <time>", "how long a step may be undecided", "15m"),
    new Option("--on-undecided <what>", "the action after --step-limit")
      .choices(["hold", "advance", "abort"])
      .default("hold"),
    time("--bake <time>", "how long the candidate is judged before it gets all traffic", "2m"),
    new Option(
      "--control <percent>",
      "the share that stays on the baseline during --bake, to compare with; 0% for none",
    )
      .argParser(controlPercent)
      .default(20, "20%"),
    new Option("--approve-at <percents>", "steps that wait for --approve by another person")
      .argParser(percents)
      .default([], "none"),
    new Option("--not-between <window>", "no step begins then: 'Fri 16:00-Mon 08:00 Europe/Berlin' (several)")
      .argParser(freezeWindow)
      .default([], "none"),
    new Option(
      "--notify <url>",
      "sends a CloudEvent for each transition to this URL; with slack: or teams: in front, a message to a chat's web hook (repeatable; default: $K_SINK)",
    )
      .argParser(notifyAddress)
      .default([], "none"),
    time("--ready-deadline <time>", "how long the candidate may take to become ready", "5m"),
    time("--look <time>", "how long traffic is observed for the plan", "5s"),
    new Option(
      "--alpha <probability>",
      "the probability of rolling back a candidate that is no worse than tolerated",
    )
      .argParser(probability)
      .default(0.01),
    new Option("--beta <probability>", "the probability of calling a harmful step healthy")
      .argParser(probability)
      .default(0.05),
    new Option("--tolerate-errors <more>", "failing this much more often is no regression: 10% or 1.1")
      .argParser(surplus)
      .default(0, "no more"),
    new Option("--tolerate-error-rate <share>", "failing no more often than this is no regression: 0.1%")
      .argParser(shareOfRequests)
      .default(0, "none"),
    new Option("--tolerate-latency <more>", "taking this much longer is no regression: 25% or 1.25")
      .argParser(surplus)
      .default(0.25, "25%"),
    time("--latency-floor <time>", "latencies below this count as equal", "5ms"),
    new Option(
      "--check <name=what>",
      "what is compared as well: a field of answers, json:$.PATH or header:NAME, or a value where larger is worse, by a PromQL query with $revision in place of a revision (several)",
    )
      .argParser(check)
      .default([], "none"),
    new Option(
      "--check-prometheus <url>",
      "the Prometheus that checks are read from (default: that of --prometheus)",
    ),
    new Option(
      "--by-route",
      "judges each method and path by itself as well, so that a candidate that fails on one only is found",
    ).default(false),
    new Option("--warm-path <path>", "the path of the warm-up requests to the candidate, by its tag").default(
      "/readyz",
    ),
    new Option(
      "--shadow <time>",
      "compares the candidate's answers on mirrored requests first, for this long at most",
    ).argParser(duration),
    new Option("--shadow-percent <number>", "the share of requests that is mirrored then")
      .argParser(sharePercent)
      .default(10),
    new Option("--accept <limit>", "with --shadow: a limit to be kept, such as FIELD.fail<0.1% (repeatable)")
      .argParser(criterion)
      .default([], "those of ./kyc shadow"),
    new Option("--dry-run", "shows the plan, or with --in-cluster the objects, and does nothing").default(
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
    new Option("--status", "shows the rollout, or the last one").default(false).conflicts(["to"]),
    new Option("--report", "writes the report of the rollout, or of the last one")
      .default(false)
      .conflicts(["to"]),
    new Option("--reason <text>", "the reason, for the audit log").default(""),
    new Option(
      "--by <person>",
      "the person who starts, approves or decides, for the audit log (default: the user)",
    ),
    new Option("--overwrite", "with --resume, --abort or --back: overwrites another person's split").default(
      false,
    ),
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
    new Option("--write", "writes the split at the end into the files as well, for git").default(false),
    new Option("--in-cluster", "runs as a Job on the cluster").default(false),
    new Option("--image <name>", "with --in-cluster: the image of this command"),
    dirOption(),
    new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS),
  ];
}

function time(flags: string, what: string, byDefault: string): Option {
  return new Option(flags, what).argParser(duration).default(duration(byDefault), byDefault);
}
