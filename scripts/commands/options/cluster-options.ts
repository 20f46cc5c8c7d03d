import type { Command } from "commander";
import { Option } from "commander";
import { dirOption, namespaceOption } from "./place-options.ts";
import { duration } from "./option-values.ts";
import { OUTPUT_FORMATS, type OutputFormat } from "../../text/data.ts";

/** The options of every command that works on a cluster. */
export interface ClusterFlags {
  context?: string;
  namespace: string;
  dir: string;
  output?: OutputFormat;
}

/**
 * Adds the options of every command that works on a cluster.
 * @param byDefault the context without the option
 */
export function withClusterOptions(command: Command, byDefault = "the current one"): Command {
  return command
    .option("--context <name>", `a kubeconfig context (default: ${byDefault})`)
    .addOption(namespaceOption())
    .addOption(dirOption())
    .addOption(new Option("-o, --output <format>", "the result as data").choices(OUTPUT_FORMATS));
}

/** Adds the option that bounds a wait. */
export function withTimeout(command: Command, what: string, byDefault: string): Command {
  const option = new Option("--timeout <time>", what).argParser(duration);
  return command.addOption(option.default(duration(byDefault), byDefault));
}
