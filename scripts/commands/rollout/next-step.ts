import { shellWord } from "../../text/command-lines.ts";
import type { RolloutFlags } from "./flags.ts";

type Place = Pick<RolloutFlags, "source">;

/** The command line for the same rollout. Flags such as `--context` are added when it is printed. */
export function rolloutCommandLine(service: string, action: string, { source }: Place): string {
  const flags = source === undefined ? [] : ["--source", shellWord(source)];
  return ["./kyc rollout", service, action, ...flags].join(" ");
}

/** The commands that continue a stopped rollout, or roll it back. */
export function waysOn(service: string, place: Place): string {
  const line = (action: string): string => rolloutCommandLine(service, action, place);
  return `go on:   ${line("--resume")}\ngo back: ${line("--abort")}`;
}
