import type { RolloutFlags } from "./flags.ts";

type Place = Pick<RolloutFlags, "dir" | "engine" | "source" | "context" | "namespace">;

/** The command line that acts on the same rollout: the service, what to do, and the flags that say where it is. */
export function rolloutCommandLine(service: string, action: string, place: Place): string {
  const { dir, engine, source, context, namespace } = place;
  const given: [string, string | undefined][] = [
    ["--dir", dir],
    ["--engine", engine],
    ["--source", source],
    ["--context", context],
    ["--namespace", namespace === "kyc" ? undefined : namespace],
  ];
  const flags = given.flatMap(([name, value]) => (value === undefined ? [] : [name, shellWord(value)]));
  return ["./kyc rollout", service, action, ...flags].join(" ");
}

/** How a rollout that stands still goes on, and how it goes back. */
export function waysOn(service: string, place: Place): string {
  const line = (action: string): string => rolloutCommandLine(service, action, place);
  return `go on:   ${line("--resume")}\ngo back: ${line("--abort")}`;
}

/** A word as a POSIX shell reads it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
